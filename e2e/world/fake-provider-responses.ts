/**
 * The fake provider in OpenAI's responses dialect, as Codex 0.166 speaks it.
 *
 * Codex's "code mode": the body has no `tools` at all. They stand in an *input item* of
 * type `additional_tools`, grouped by namespace; the one that matters is the freeform tool
 * `exec`, whose input is JavaScript that calls `tools.apply_patch(…)` or
 * `tools.exec_command(…)`. A call is a `custom_tool_call`, answered by a
 * `custom_tool_call_output` with the same `call_id`. OpenCode sends classic function tools.
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
  const tools = new Set(toolNames(body['tools'] ?? []))
  const system: string[] = typeof body['instructions'] === 'string' ? [body['instructions']] : []
  const prompts: string[] = []
  let results: string[] = []
  const open = new Set<string>()
  const answered = new Set<string>()
  const input = typeof body['input'] === 'string' ? [{ type: 'message', role: 'user', content: body['input'] }] : body['input']
  for (const each of demandArray(input, 'input')) {
    const item = demandObject(each, 'an input item')
    switch (item['type'] ?? 'message') {
      case 'additional_tools':
        for (const name of toolNames(item['tools'])) tools.add(name)
        break
      case 'reasoning':
      case 'item_reference':
        break
      case 'function_call':
      case 'custom_tool_call':
        open.add(demandString(item['call_id'], 'call_id'))
        break
      case 'function_call_output':
      case 'custom_tool_call_output': {
        const id = demandString(item['call_id'], 'call_id')
        demand(open.has(id), `output ${id} answers no call before it`)
        // `notify` in Codex's exec tool may answer one call several times.
        if (answered.has(id)) results[results.length - 1] += `\n${textOf(item['output'])}`
        else results.push(textOf(item['output']))
        answered.add(id)
        break
      }
      case 'message': {
        const words = partsOf(item['content'])
        if (item['role'] === 'assistant') break
        demand(['user', 'developer', 'system'].includes(String(item['role'])), `a message has the role ${String(item['role'])}`)
        const asked = item['role'] === 'user' ? words.filter((part) => !isHarnessSpeaking(part)) : []
        system.push(...words.filter((part) => !asked.includes(part)))
        if (asked.length > 0) {
          prompts.push(asked.join('\n'))
          results = []
        }
        break
      }
      default:
        demand(false, `an input item has the type ${String(item['type'])}`)
    }
  }
  const unanswered = [...open].filter((id) => !answered.has(id))
  demand(unanswered.length === 0, `call ${unanswered.join(', ')} stays without an output`)
  demand(prompts.length > 0, 'nobody asked anything')
  const format = isObject(body['text']) ? body['text']['format'] : undefined
  return {
    dialect: 'openai-responses',
    model: demandString(body['model'], 'model'),
    isStream: body['stream'] === true,
    wantsUsage: true,
    system: system.join('\n'),
    tools,
    schema: isObject(format) && format['type'] === 'json_schema' ? format['schema'] : null,
    prompts,
    results,
  }
}

/** A namespace's tools count by their own names: `functions` holds `exec`. */
const toolNames = (tools: unknown): string[] =>
  demandArray(tools, 'tools').flatMap((each) => {
    const tool = demandObject(each, 'a tool')
    if (tool['type'] === 'namespace') return toolNames(tool['tools'])
    return [demandString(tool['name'] ?? tool['type'], 'the name of a tool')]
  })

const partsOf = (content: unknown): string[] =>
  typeof content === 'string'
    ? [content]
    : demandArray(content, 'the content of a message')
        .map((part) => demandObject(part, 'a part of a message'))
        .filter((part) => typeof part['text'] === 'string')
        .map((part) => String(part['text']))

const textOf = (output: unknown): string => (typeof output === 'string' ? output : partsOf(output).join('\n'))

const reported = (tokens: TokenCounts): Json => {
  const input = tokens.inputTokens + tokens.cacheReadTokens + tokens.cacheWriteTokens
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: tokens.cacheReadTokens, cache_write_tokens: tokens.cacheWriteTokens },
    output_tokens: tokens.outputTokens,
    output_tokens_details: { reasoning_tokens: tokens.reasoningTokens },
    total_tokens: input + tokens.outputTokens,
  }
}

const itemOf = (said: Said, id: string, index: number, isDone: boolean): Json => {
  const status = isDone ? 'completed' : 'in_progress'
  switch (said.is) {
    case 'text':
      return {
        id: `msg_${id}_${index}`,
        type: 'message',
        status,
        role: 'assistant',
        content: isDone ? [{ type: 'output_text', annotations: [], logprobs: [], text: said.text }] : [],
      }
    case 'thought':
      return {
        id: `rs_${id}_${index}`,
        type: 'reasoning',
        summary: isDone ? [{ type: 'summary_text', text: said.text }] : [],
        encrypted_content: null,
      }
    case 'toolCall': {
      const call = { call_id: `call_${id}_${index}`, name: said.name, status }
      return typeof said.input === 'string'
        ? { id: `ctc_${id}_${index}`, type: 'custom_tool_call', ...call, input: isDone ? said.input : '' }
        : { id: `fc_${id}_${index}`, type: 'function_call', ...call, arguments: isDone ? JSON.stringify(said.input) : '' }
    }
  }
}

/** The events between `output_item.added` and `output_item.done`. */
function deltasOf(said: Said, id: string, index: number): { type: string; data: Json }[] {
  const item_id = itemOf(said, id, index, false)['id']
  const at = { item_id, output_index: index }
  const each = (type: string, whole: string, size: number, more: Json = {}) =>
    pieces(whole, size).map((delta) => ({ type, data: { ...at, ...more, delta } }))
  switch (said.is) {
    case 'text': {
      const part = { content_index: 0 }
      return [
        {
          type: 'response.content_part.added',
          data: { ...at, ...part, part: { type: 'output_text', annotations: [], logprobs: [], text: '' } },
        },
        ...each('response.output_text.delta', said.text, 24, { ...part, logprobs: [] }),
        { type: 'response.output_text.done', data: { ...at, ...part, text: said.text, logprobs: [] } },
        {
          type: 'response.content_part.done',
          data: { ...at, ...part, part: { type: 'output_text', annotations: [], logprobs: [], text: said.text } },
        },
      ]
    }
    case 'thought': {
      const part = { summary_index: 0 }
      return [
        { type: 'response.reasoning_summary_part.added', data: { ...at, ...part, part: { type: 'summary_text', text: '' } } },
        ...each('response.reasoning_summary_text.delta', said.text, 24, part),
        { type: 'response.reasoning_summary_text.done', data: { ...at, ...part, text: said.text } },
        { type: 'response.reasoning_summary_part.done', data: { ...at, ...part, part: { type: 'summary_text', text: said.text } } },
      ]
    }
    case 'toolCall':
      return typeof said.input === 'string'
        ? [
            ...each('response.custom_tool_call_input.delta', said.input, 40),
            { type: 'response.custom_tool_call_input.done', data: { ...at, input: said.input } },
          ]
        : [
            ...each('response.function_call_arguments.delta', JSON.stringify(said.input), 40),
            { type: 'response.function_call_arguments.done', data: { ...at, arguments: JSON.stringify(said.input) } },
          ]
  }
}

const responseOf = (ask: Ask, id: string, said: readonly Said[], ending: Ending | null): Json => ({
  id: `resp_${id}`,
  object: 'response',
  created_at: 1_795_000_000,
  status: ending === null ? 'in_progress' : ending.stop === 'end' ? 'completed' : 'incomplete',
  error: null,
  incomplete_details:
    ending && ending.stop !== 'end' ? { reason: ending.stop === 'refusal' ? 'content_filter' : 'max_output_tokens' } : null,
  model: ask.model,
  output: said.map((each, index) => itemOf(each, id, index, true)),
  parallel_tool_calls: false,
  tool_choice: 'auto',
  tools: [],
  usage: ending ? reported(ending.tokens) : null,
})

export const responsesSpeech: Speech = {
  read,
  stream(ask, id) {
    const all: Said[] = []
    let sequence = 0
    const frame = (type: string, data: Json) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...data })}\n\n`
    return {
      open: () => [
        frame('response.created', { response: responseOf(ask, id, [], null) }),
        frame('response.in_progress', { response: responseOf(ask, id, [], null) }),
      ],
      say(said) {
        const index = all.push(said) - 1
        return [
          frame('response.output_item.added', { output_index: index, item: itemOf(said, id, index, false) }),
          ...deltasOf(said, id, index).map(({ type, data }) => frame(type, data)),
          frame('response.output_item.done', { output_index: index, item: itemOf(said, id, index, true) }),
        ]
      },
      close: (ending) => [
        frame(ending.stop === 'end' ? 'response.completed' : 'response.incomplete', { response: responseOf(ask, id, all, ending) }),
      ],
    }
  },
  whole: (ask, id, said, ending) => responseOf(ask, id, said, ending),
  error: (status, message) => ({
    error: { message, type: errorTypes[status] ?? 'server_error', param: null, code: errorCodes[status] ?? null },
  }),
}

const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'invalid_request_error',
  404: 'invalid_request_error',
  429: 'insufficient_quota',
}
const errorCodes: Readonly<Record<number, string>> = { 401: 'invalid_api_key', 404: 'model_not_found', 429: 'insufficient_quota' }
