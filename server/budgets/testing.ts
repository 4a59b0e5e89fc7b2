/** For tests of what is spent: a provider that answers every request at once, in its dialect, with the same usage. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { serveOnLoopback, type Served } from '#server/proxy/testing.ts'

export type Upstream = Served & {
  arrivals(): number
  /** The next request waits until its gate is opened. */
  holdNext(): { arrived: Promise<void>; open(): void }
}

/** About three thousandths of a dollar at the price of either model that tests ask for. */
const answers: readonly (readonly [path: string, answer: unknown])[] = [
  ['/messages', { type: 'message', content: [], stop_reason: 'end_turn', usage: { input_tokens: 500, output_tokens: 100 } }],
  ['/count_tokens', { input_tokens: 5 }],
  [
    '/chat/completions',
    {
      choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 500, completion_tokens: 200 },
    },
  ],
  ['/responses', { object: 'response', status: 'completed', output: [], usage: { input_tokens: 500, output_tokens: 200 } }],
]

export async function createUpstream(): Promise<Upstream> {
  let count = 0
  let held: { arrived: () => void; opened: Promise<void> } | null = null
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    count += 1
    const gate = held
    held = null
    gate?.arrived()
    req.resume()
    await gate?.opened
    const body = JSON.stringify(answers.find(([path]) => req.url?.endsWith(path))?.[1] ?? null)
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
  }
  const served = await serveOnLoopback((req, res) => void answer(req, res))
  return {
    ...served,
    arrivals: () => count,
    holdNext() {
      const [arrived, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      held = { arrived: arrived.resolve, opened: opened.promise }
      return { arrived: arrived.promise, open: opened.resolve }
    },
  }
}
