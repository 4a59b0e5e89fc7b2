/**
 * The agent's pipes as the stream that the ACP SDK wants, with a tap on what comes in.
 * The SDK validates `session/update` and silently drops what it does not know, so
 * updates never reach it: they are taken here, raw and in the order of the pipe, and
 * go to `translate.ts`. Requests and answers pass to the SDK.
 */
import type { Readable, Writable } from 'node:stream'
import type { AnyMessage, Stream } from '@agentclientprotocol/sdk/unstable'

export type Tapped = {
  /** The `params` of a `session/update`, whatever they are. */
  onUpdate: (params: unknown) => void
  /** Any other notification, and lines that are no JSON-RPC at all. */
  onStray: (said: { method: string; raw: unknown }) => void
  /** Awaited before each message: while it waits, the full pipe stops the agent. */
  room?: () => Promise<void> | null
}

const MAX_LINE_BYTES = 32 * 2 ** 20

/** `over` resolves when everything that the agent ever said has been heard. */
export function tappedStream(
  { stdin, stdout }: { stdin: Writable; stdout: Readable },
  tapped: Tapped,
): { stream: Stream; over: Promise<void> } {
  const over = Promise.withResolvers<void>()
  const readable = new ReadableStream<AnyMessage>({
    async start(controller) {
      try {
        for await (const line of linesOf(stdout)) {
          const waiting = tapped.room?.()
          if (waiting) await waiting
          const message = readLine(line, tapped)
          if (message) controller.enqueue(message)
        }
        controller.close()
      } catch (error) {
        controller.error(error)
      } finally {
        over.resolve()
      }
    },
  })
  const writable = new WritableStream<AnyMessage>({
    write: (message) =>
      new Promise<void>((resolve, reject) => {
        stdin.write(`${JSON.stringify(message)}\n`, (error) => (error ? reject(error) : resolve()))
      }),
    close: () => void stdin.end(),
  })
  return { stream: { readable, writable }, over: over.promise }
}

/**
 * None has a place in a chat's log: the first is about the wire, the next names the account of whoever owns the login to
 * everybody who reads the chat, and the last says of a page what its question has been answered with.
 */
const unkept = new Set(['$/cancel_request', '_auth/status_update', 'elicitation/complete'])

function readLine(line: string, { onUpdate, onStray }: Tapped): AnyMessage | null {
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch {
    onStray({ method: 'stdout', raw: line.slice(0, 4_000) })
    return null
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    onStray({ method: 'stdout', raw: line.slice(0, 4_000) })
    return null
  }
  const { method, id, params } = message as { method?: unknown; id?: unknown; params?: unknown }
  if (typeof method === 'string' && id === undefined) {
    if (method === 'session/update') onUpdate(params)
    else if (!unkept.has(method)) onStray({ method, raw: params ?? null })
    return method === '$/cancel_request' ? (message as AnyMessage) : null
  }
  return message as AnyMessage
}

/** Lines of UTF-8, whole characters only; a line beyond the limit is given in its beginning. */
async function* linesOf(stdout: Readable): AsyncGenerator<string> {
  let pieces: Buffer[] = []
  let bytes = 0
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (bytes <= MAX_LINE_BYTES) pieces.push(chunk.subarray(from, end))
      const line = Buffer.concat(pieces).toString('utf8').trim()
      pieces = []
      bytes = 0
      from = end + 1
      if (line) yield line
    }
    bytes += chunk.length - from
    if (bytes <= MAX_LINE_BYTES) pieces.push(chunk.subarray(from))
  }
  const rest = Buffer.concat(pieces).toString('utf8').trim()
  if (rest) yield rest
}
