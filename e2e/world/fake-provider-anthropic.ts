/**
 * The fake provider in Anthropic's dialect. What Claude Code 2.1.316 really sends:
 * system text also as *messages* of role `system`, `<system-reminder>` blocks inside the
 * user's message, and for a title a request with `output_config.format` and no tools.
 * Strict about what the real API is strict about: each `tool_use` is answered by the very
 * next user message, and by nothing else.
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
  demand(Number.isInteger(body['max_tokens']) || body['max_tokens'] === undefined, 'max_tokens is no whole number')
  const system = textsOf(body['system'] ?? [], 'system')
  const tools = demandArray(body['tools'] ?? [], 'tools').map((tool) =>
    demandString(demandObject(tool, 'a tool')['name'], 'the name of a tool'),
  )
  const prompts: string[] = []
  let results: string[] = []
  let open = new Set<string>()
  for (const each of demandArray(body['messages'], 'messages')) {
    const message = demandObject(each, 'a message')
    const role = message['role']
    const blocks = blocksOf(message['content'])
    if (role === 'assistant') {
      open = new Set(
        blocks.filter((block) => block['type'] === 'tool_use').map((block) => demandString(block['id'], 'the id of a tool_use')),
      )
      continue
    }
    demand(role === 'user' || role === 'system', `a message has the role ${String(role)}`)
    if (role === 'system') {
      system.push(...textsOf(message['content'], 'a system message'))
      continue
    }
    for (const block of blocks) {
      switch (block['type']) {
        case 'tool_result': {
          const id = demandString(block['tool_use_id'], 'tool_use_id')
          demand(open.delete(id), `tool_result ${id} answers no tool_use of the message before it`)
          results.push(textsOf(block['content'] ?? [], 'a tool_result').join('\n'))
          break
        }
        case 'text': {
          const words = demandString(block['text'], 'text')
          if (isHarnessSpeaking(words)) system.push(words)
          else {
            prompts.push(words)
            results = []
          }
          break
        }
        default:
          demand(block['type'] === 'image' || block['type'] === 'document', `a user block has the type ${String(block['type'])}`)
      }
    }
    demand(open.size === 0, `tool_use ${[...open].join(', ')} stays without a tool_result`)
  }
  demand(prompts.length > 0, 'nobody asked anything')
  const format = isObject(body['output_config']) ? body['output_config']['format'] : undefined
  return {
    dialect: 'anthropic-messages',
    model: demandString(body['model'], 'model'),
    isStream: body['stream'] === true,
    wantsUsage: true,
    system: system.join('\n'),
    tools: new Set(tools),
    schema: isObject(format) ? format['schema'] : null,
    prompts,
    results,
  }
}

const blocksOf = (content: unknown): Json[] =>
  typeof content === 'string'
    ? [{ type: 'text', text: content }]
    : demandArray(content, 'the content of a message').map((block) => demandObject(block, 'a block'))

const textsOf = (content: unknown, what: string): string[] =>
  typeof content === 'string'
    ? [content]
    : demandArray(content, what)
        .map((block) => demandObject(block, `a block of ${what}`))
        .filter((block) => block['type'] === 'text')
        .map((block) => demandString(block['text'], `the text of ${what}`))

const frame = (event: string, data: Json) => `event: ${event}\ndata: ${JSON.stringify({ type: event, ...data })}\n\n`

const inputUsage = (tokens: TokenCounts) => ({
  input_tokens: tokens.inputTokens,
  cache_creation_input_tokens: tokens.cacheWriteTokens,
  cache_read_input_tokens: tokens.cacheReadTokens,
})

const wholeUsage = (tokens: TokenCounts) => ({
  ...inputUsage(tokens),
  output_tokens: tokens.outputTokens,
  output_tokens_details: { thinking_tokens: tokens.reasoningTokens },
})

const stopReason = ({ stop }: Ending, said: readonly Said[]) =>
  stop === 'max-tokens'
    ? 'max_tokens'
    : stop === 'refusal'
      ? 'refusal'
      : said.some((each) => each.is === 'toolCall')
        ? 'tool_use'
        : 'end_turn'

const blockOf = (said: Said, id: string): Json => {
  switch (said.is) {
    case 'text':
      return { type: 'text', text: said.text }
    case 'thought':
      return { type: 'thinking', thinking: said.text, signature: 'ZmFrZQ==' }
    case 'toolCall':
      return { type: 'tool_use', id, name: said.name, input: said.input }
  }
}

const emptyBlockOf = (said: Said, id: string): Json => {
  switch (said.is) {
    case 'text':
      return { type: 'text', text: '' }
    case 'thought':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'toolCall':
      return { type: 'tool_use', id, name: said.name, input: {} }
  }
}

const deltasOf = (said: Said): Json[] => {
  switch (said.is) {
    case 'text':
      return pieces(said.text).map((text) => ({ type: 'text_delta', text }))
    case 'thought':
      return [
        ...pieces(said.text).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature: 'ZmFrZQ==' },
      ]
    case 'toolCall':
      return pieces(JSON.stringify(said.input), 40).map((partial_json) => ({ type: 'input_json_delta', partial_json }))
  }
}

const messageOf = (ask: Ask, id: string): Json => ({ id: `msg_${id}`, type: 'message', role: 'assistant', model: ask.model })

export const anthropicSpeech: Speech = {
  read,
  stream(ask, id, tokens) {
    const all: Said[] = []
    return {
      open: () => [
        frame('message_start', {
          message: {
            ...messageOf(ask, id),
            content: [],
            stop_reason: null,
            stop_sequence: null,
            usage: { ...inputUsage(tokens), output_tokens: 1, service_tier: 'standard' },
          },
        }),
        frame('ping', {}),
      ],
      say(said) {
        const index = all.push(said) - 1
        return [
          frame('content_block_start', { index, content_block: emptyBlockOf(said, `toolu_${id}_${index}`) }),
          ...deltasOf(said).map((delta) => frame('content_block_delta', { index, delta })),
          frame('content_block_stop', { index }),
        ]
      },
      close: (ending) => [
        frame('message_delta', {
          delta: { stop_reason: stopReason(ending, all), stop_sequence: null },
          usage: wholeUsage(ending.tokens),
        }),
        frame('message_stop', {}),
      ],
    }
  },
  whole: (ask, id, said, ending) => ({
    ...messageOf(ask, id),
    content: said.map((each, index) => blockOf(each, `toolu_${id}_${index}`)),
    stop_reason: stopReason(ending, said),
    stop_sequence: null,
    usage: { ...wholeUsage(ending.tokens), service_tier: 'standard' },
  }),
  error: (status, message) => ({ type: 'error', error: { type: errorTypes[status] ?? 'api_error', message }, request_id: 'req_fake' }),
}

const errorTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}
