/** The HTTP server on the test's own database, in the test's process: the API and sign-in, without pages and sockets. */
import { toNodeHandler } from 'better-auth/node'
import { auth, openAuth } from '#server/accounts/auth.ts'
import { createExportHandler } from '#server/chats/export.ts'
import { identifyRequest } from '#server/trpc/context.ts'
import { readEnv } from '#server/env.ts'
import { Health } from '#server/health.ts'
import { allowedOrigins } from '#server/http-guards.ts'
import { createHttpServer, noParts } from '#server/http.ts'
import { createHookHandler } from '#server/tasks/hook-handler.ts'
import { createApiHandler } from '#server/trpc/http-handler.ts'

type Answered = { status: number; body: unknown; headers: Headers }
export type TestServer = {
  url: string
  /** Calls a procedure as whoever `headers` say; a mutation when there is an input and `isQuery` is not set. */
  call(path: string, options?: { input?: unknown; isQuery?: boolean; headers?: Record<string, string> }): Promise<Answered>
  /** Signs in and returns the headers of a page that does: cookie and origin. */
  signIn(who: { email: string; password: string }): Promise<Record<string, string>>
  close(): Promise<void>
}

/** `isLimited` keeps the rate limits that tests usually run into. */
export async function startTestServer({ isLimited = false }: { isLimited?: boolean } = {}): Promise<TestServer> {
  const parts = noParts()
  const listening = createHttpServer({ env: readEnv({}), parts, health: new Health() }).listen(0, '127.0.0.1')
  await new Promise((resolve) => listening.once('listening', resolve))
  const { port } = listening.address() as { port: number }
  await new Promise((resolve) => listening.close(resolve))

  const env = readEnv({ PORT: String(port), GATEHOUSE_TESTING: isLimited ? '0' : '1' })
  openAuth({ ...env, secret: 'a secret for tests, which is long enough', trustedOrigins: [...allowedOrigins(env)] })
  parts.accounts = toNodeHandler(auth())
  parts.api = createApiHandler(env)
  parts.exports = createExportHandler(identifyRequest)
  parts.hooks = createHookHandler()
  const server = createHttpServer({ env, parts, health: new Health() }).listen(port, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))

  const answered = async (answer: Response): Promise<Answered> => {
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text }
  }
  return {
    url: env.url,
    call: async (path, { input, isQuery = input === undefined, headers = {} } = {}) => {
      const query = isQuery && input !== undefined ? `?input=${encodeURIComponent(JSON.stringify(input))}` : ''
      const request = isQuery
        ? { headers }
        : { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(input) }
      return answered(await fetch(`${env.url}/api/trpc/${path}${query}`, request))
    },
    signIn: async (who) => {
      const answer = await fetch(`${env.url}/api/auth/sign-in/email`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: env.url },
        body: JSON.stringify(who),
      })
      if (!answer.ok) throw new Error(`Sign-in answered ${answer.status}: ${await answer.text()}`)
      return {
        cookie: answer.headers
          .getSetCookie()
          .map((each) => each.split(';')[0])
          .join('; '),
        origin: env.url,
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
