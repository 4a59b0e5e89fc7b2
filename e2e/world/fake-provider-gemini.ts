/**
 * The fake provider in Google's Gemini dialect, as OpenCode 1.18.33 speaks it through the AI SDK.
 * The model and the wish for a stream stand in the path; lines end in CR LF, as Google's do.
 * Strict about what the real API is strict about: the calls of a model's turn are answered, all of
 * them, by the very next turn.
 */
import type { TokenCounts } from '#core/models/usage.ts'
import {
  type Ask,
  demand,
  demandArray,
  demandObject,
  demandString,
  type Ending,
  isHarnessSpeaking,
  isObject,
  type Json,
  pieces,
  type Said,
  type SaidInPath,
  type Speech,
} from '#e2e/world/fake-provider-scene.ts'

const PATH = /^\/gemini\/v1beta\/models\/([A-Za-z0-9._-]+):(generateContent|streamGenerateContent|countTokens)$/

/** Null when it is no path of Gemini's that asks a model. */
export function inGeminiPath(path: string): (SaidInPath & { verb: string }) | null {
  const [, model, verb] = PATH.exec(path) ?? []
  return model && verb ? { model, verb, isStream: verb === 'streamGenerateContent' } : null
}

function read(body: Json, inPath: SaidInPath | null): Ask {
  demand(inPath, 'the path names no model')
  const { model, isStream } = inPath
  demand(body['model'] === undefined || body['model'] === `models/${model}`, 'the body names another model than the path')
  const system = body['systemInstruction'] ? textsOf(demandObject(body['systemInstruction'], 'systemInstruction')) : []
  const tools = demandArray(body['tools'] ?? [], 'tools').flatMap((tool) =>
    demandArray(demandObject(tool, 'a tool')['functionDeclarations'] ?? [], 'functionDeclarations').map((each) =>
      demandString(demandObject(each, 'a function')['name'], 'the name of a function'),
    ),
  )
  const prompts: string[] = []
  let results: string[] = []
  let open: string[] = []
  for (const each of demandArray(body['contents'], 'contents')) {
    const content = demandObject(each, 'a content')
    const { role } = content
    demand(role === 'user' || role === 'model', `a content has the role ${String(role)}`)
    const parts = partsOf(content)
    if (role === 'model') {
      open = parts.flatMap(({ functionCall }) => (isObject(functionCall) ? [demandString(functionCall['name'], 'the name of a call')] : []))
      continue
    }
    for (const { text, functionResponse } of parts) {
      if (isObject(functionResponse)) {
        const at = open.indexOf(demandString(functionResponse['name'], 'the name of a response'))
        demand(at >= 0, 'a functionResponse answers no call of the content before it')
        open.splice(at, 1)
        results.push(JSON.stringify(functionResponse['response']))
      } else if (typeof text === 'string') {
        if (isHarnessSpeaking(text)) system.push(text)
        else {
          prompts.push(text)
          results = []
        }
      }
    }
    demand(open.length === 0, `the call of ${open.join(', ')} stays without an answer`)
  }
  demand(prompts.length > 0, 'nobody asked anything')
  const config = isObject(body['generationConfig']) ? body['generationConfig'] : {}
  return {
    dialect: 'gemini-generate',
    model,
    isStream,
    wantsUsage: true,
    system: system.join('\n'),
    tools: new Set(tools),
    schema: config['responseSchema'] ?? config['responseJsonSchema'] ?? null,
    prompts,
    results,
  }
}

const partsOf = (content: Json): Json[] => demandArray(content['parts'], 'parts').map((part) => demandObject(part, 'a part'))
const textsOf = (content: Json): string[] => partsOf(content).flatMap(({ text }) => (typeof text === 'string' ? [text] : []))

/** Google's input holds what came from the cache, and its output leaves the thoughts out. */
const usageOf = (tokens: TokenCounts): Json => {
  const prompt = tokens.inputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: tokens.outputTokens - tokens.reasoningTokens,
    thoughtsTokenCount: tokens.reasoningTokens,
    cachedContentTokenCount: tokens.cacheReadTokens,
    totalTokenCount: prompt + tokens.outputTokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
  }
}

const finishReasons = { end: 'STOP', 'max-tokens': 'MAX_TOKENS', refusal: 'SAFETY' } as const

const partOf = (said: Said): Json => {
  switch (said.is) {
    case 'text':
      return { text: said.text }
    case 'thought':
      return { text: said.text, thought: true }
    case 'toolCall':
      return { functionCall: { name: said.name, args: said.input }, thoughtSignature: 'ZmFrZQ==' }
  }
}

const answer = (ask: Ask, id: string, { parts, tokens, ending }: { parts: Json[]; tokens: TokenCounts; ending?: Ending }): Json => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...(ending && { finishReason: finishReasons[ending.stop] }) }],
  usageMetadata: usageOf(tokens),
  modelVersion: ask.model,
  responseId: `gemini-${id}`,
})

const frame = (data: Json) => `data: ${JSON.stringify(data)}\r\n\r\n`

export const geminiSpeech: Speech = {
  read,
  stream(ask, id, tokens) {
    // Counts grow with the stream: what was written so far, and at the end all of it.
    const soFar = { ...tokens, outputTokens: 0, reasoningTokens: 0 }
    const chunk = (part: Json) => frame(answer(ask, id, { parts: [part], tokens: soFar }))
    return {
      open: () => [],
      say: (said) => (said.is === 'toolCall' ? [chunk(partOf(said))] : pieces(said.text).map((text) => chunk(partOf({ ...said, text })))),
      close: (ending) => [frame(answer(ask, id, { parts: [{ text: '' }], tokens: ending.tokens, ending }))],
    }
  },
  whole: (ask, id, said, ending) => answer(ask, id, { parts: said.map(partOf), tokens: ending.tokens, ending }),
  error: (status, message) => ({ error: { code: status, message, status: statuses[status] ?? 'INTERNAL' } }),
}

const statuses: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
}
