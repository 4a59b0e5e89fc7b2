/**
 * The fake provider in OpenAI's chat completions dialect, as OpenCode 1.18.33 speaks it.
 * Strict about what the real API is strict about: each tool call of an assistant message
 * is answered by tool messages right behind it. Streams report usage only when asked.
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
  type Speech,
} from '#e2e/world/fake-provider-scene.ts'

function read(body: Json): Ask {
  const tools = demandArray(body['tools'] ?? [], 'tools').map((tool) =>
    demandString(demandObject(demandObject(tool, 'a tool')['function'], 'the function of a tool')['name'], 'the name of a tool'),
  )
  const system: string[] = []
  const prompts: string[] = []
  let results: string[] = []
  let open = new Set<string>()
  for (const each of demandArray(body['messages'], 'messages')) {
    const message = demandObject(each, 'a message')
    const words = textOf(message['content'])
    if (message['role'] !== 'tool') demand(open.size === 0, `tool call ${[...open].join(', ')} stays without an answer`)
    switch (message['role']) {
      case 'system':
      case 'developer':
        system.push(words)
        break
      case 'user':
        if (isHarnessSpeaking(words)) system.push(words)
        else {
          prompts.push(words)
          results = []
        }
        break
      case 'assistant':
        open = new Set(
          demandArray(message['tool_calls'] ?? [], 'tool_calls').map((call) =>
            demandString(demandObject(call, 'a tool call')['id'], 'its id'),
          ),
        )
        break
      case 'tool': {
        const id = demandString(message['tool_call_id'], 'tool_call_id')
        demand(open.delete(id), `tool message ${id} answers no call of the message before it`)
        results.push(words)
        break
      }
      default:
        demand(false, `a message has the role ${String(message['role'])}`)
    }
  }
  demand(open.size === 0, `tool call ${[...open].join(', ')} stays without an answer`)
  demand(prompts.length > 0, 'nobody asked anything')
  const options = body['stream_options']
  demand(options === undefined || options === null || body['stream'] === true, 'stream_options without stream')
  const format = body['response_format']
  return {
    dialect: 'openai-chat',
    model: demandString(body['model'], 'model'),
    isStream: body['stream'] === true,
    wantsUsage: isObject(options) && options['include_usage'] === true,
    system: system.join('\n'),
    tools: new Set(tools),
    schema: isObject(format) && format['type'] === 'json_schema' ? format['json_schema'] : null,
    prompts,
    results,
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (content === null || content === undefined) return ''
  return demandArray(content, 'the content of a message')
    .map((part) => demandObject(part, 'a part of a message'))
    .filter((part) => part['type'] === 'text')
    .map((part) => demandString(part['text'], 'text'))
    .join('\n')
}

const frame = (data: Json) => `data: ${JSON.stringify(data)}\n\n`

const reported = (tokens: TokenCounts): Json => {
  const prompt = tokens.inputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens
  return {
    prompt_tokens: prompt,
    completion_tokens: tokens.outputTokens,
    total_tokens: prompt + tokens.outputTokens,
    prompt_tokens_details: { cached_tokens: tokens.cacheReadTokens, cache_write_tokens: tokens.cacheWriteTokens },
    completion_tokens_details: { reasoning_tokens: tokens.reasoningTokens },
  }
}

const finishReason = ({ stop }: Ending, said: readonly Said[]) =>
  stop === 'max-tokens'
    ? 'length'
    : stop === 'refusal'
      ? 'content_filter'
      : said.some((each) => each.is === 'toolCall')
        ? 'tool_calls'
        : 'stop'

const callArguments = (said: Extract<Said, { is: 'toolCall' }>) =>
  typeof said.input === 'string' ? said.input : JSON.stringify(said.input)

const CREATED = 1_795_000_000

export const chatSpeech: Speech = {
  read,
  stream(ask, id) {
    const all: Said[] = []
    let calls = 0
    // With include_usage every chunk carries the field, null until the last one: as OpenAI sends it.
    const chunk = (choices: Json[], usage: Json | null = null): string =>
      frame({
        id: `chatcmpl-${id}`,
        object: 'chat.completion.chunk',
        created: CREATED,
        model: ask.model,
        choices,
        ...(ask.wantsUsage ? { usage } : {}),
      })
    const delta = (what: Json, finish_reason: string | null = null) => chunk([{ index: 0, delta: what, logprobs: null, finish_reason }])
    return {
      open: () => [delta({ role: 'assistant', content: '' })],
      say(said) {
        all.push(said)
        switch (said.is) {
          case 'text':
            return pieces(said.text).map((content) => delta({ content }))
          case 'thought':
            return pieces(said.text).map((reasoning_content) => delta({ reasoning_content }))
          case 'toolCall': {
            const index = calls++
            const head = { index, id: `call_${id}_${index}`, type: 'function', function: { name: said.name, arguments: '' } }
            return [
              delta({ tool_calls: [head] }),
              ...pieces(callArguments(said), 40).map((part) => delta({ tool_calls: [{ index, function: { arguments: part } }] })),
            ]
          }
        }
      },
      close: (ending) => [
        delta({}, finishReason(ending, all)),
        ...(ask.wantsUsage ? [chunk([], reported(ending.tokens))] : []),
        'data: [DONE]\n\n',
      ],
    }
  },
  whole(ask, id, said, ending) {
    const calls = said.filter((each) => each.is === 'toolCall')
    const words = said.filter((each) => each.is === 'text').map((each) => each.text)
    return {
      id: `chatcmpl-${id}`,
      object: 'chat.completion',
      created: CREATED,
      model: ask.model,
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: words.length > 0 ? words.join('') : null,
            refusal: null,
            ...(calls.length > 0 && {
              tool_calls: calls.map((call, index) => ({
                id: `call_${id}_${index}`,
                type: 'function',
                function: { name: call.name, arguments: callArguments(call) },
              })),
            }),
          },
          logprobs: null,
          finish_reason: finishReason(ending, said),
        },
      ],
      usage: reported(ending.tokens),
    }
  },
  error: (status, message) => ({
    error: { message, type: errorTypes[status] ?? 'server_error', param: null, code: errorCodes[status] ?? null },
  }),
}

const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'invalid_request_error',
  403: 'invalid_request_error',
  404: 'invalid_request_error',
  429: 'insufficient_quota',
}
const errorCodes: Readonly<Record<number, string>> = { 401: 'invalid_api_key', 404: 'model_not_found', 429: 'insufficient_quota' }
