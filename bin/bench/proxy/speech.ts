/** What is asked and answered in the benchmark of the proxy: chat completions of the usual size, prepared as bytes. */

/** How an answer is said, and after how long. `everyMs` of a stream's events; 0: each by itself, one straight after another. */
export type Pace = { events: number; everyMs: number; thinksMs: number }

export const MODEL = 'gpt-6.1-sol'

/** @param bytes about how long the conversation is: agents send all of it each time */
export function requestBody({ isStream, bytes }: { isStream: boolean; bytes: number }): string {
  const sentence = 'Look at the "parser" again:\nit fails on line 12, and I want to know why before anything is changed. '
  const messages = Array.from({ length: Math.max(1, Math.round(bytes / 1024)) }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: sentence.repeat(Math.min(10, Math.max(1, Math.round(bytes / 100)))),
  }))
  return JSON.stringify({ model: MODEL, messages, ...(isStream && { stream: true }) })
}

const id = 'chatcmpl-0123456789abcdef'
const usage = {
  prompt_tokens: 1_200,
  completion_tokens: 240,
  total_tokens: 1_440,
  prompt_tokens_details: { cached_tokens: 1_024 },
  completion_tokens_details: { reasoning_tokens: 64 },
}
const text = 'The parser takes a quote for the end of its string, because nobody told it about the backslash before. '

const answer = JSON.stringify({
  id,
  object: 'chat.completion',
  created: 1_790_000_000,
  model: MODEL,
  choices: [{ index: 0, message: { role: 'assistant', content: text.repeat(8) }, finish_reason: 'stop' }],
  usage,
})

export const answerBytes = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_0123456789\r\ncontent-length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`,
)

const frame = (data: string): string => `data: ${data}\n\n`
const chunkOf = (frames: string): string => `${Buffer.byteLength(frames).toString(16)}\r\n${frames}\r\n`
const said = (choices: unknown[], more: Record<string, unknown> = {}) =>
  frame(JSON.stringify({ id, object: 'chat.completion.chunk', created: 1_790_000_000, model: MODEL, choices, ...more }))

const word = said([{ index: 0, delta: { content: ' backslash' }, finish_reason: null }])
const stop = said([{ index: 0, delta: {}, finish_reason: 'stop' }])
const done = frame('[DONE]')
const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_0123456789\r\ntransfer-encoding: chunked\r\n\r\n'

/** Of a stream, framed as chunks: with the head, one more word, and the end. */
export const eventBytes = {
  first: Buffer.from(head + chunkOf(word)),
  next: Buffer.from(chunkOf(word)),
  last: Buffer.from(`${chunkOf(stop + done)}0\r\n\r\n`),
  lastWithUsage: Buffer.from(`${chunkOf(stop) + chunkOf(said([], { usage })) + chunkOf(done)}0\r\n\r\n`),
}

/** Of one event of a stream, as a client counts them. */
export const WORD_BYTES = Buffer.byteLength(word)
