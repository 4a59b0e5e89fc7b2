/**
 * The server: started by `bin/start.mjs`, stopped by a signal. `server/run.ts` puts the
 * parts together; here are only the process's own edges.
 */
import { env } from '#server/env.ts'
import { log } from '#server/log.ts'
import { openPages } from '#server/next-pages.ts'
import { RunningServer } from '#server/run.ts'
import { StartError } from '#server/start-error.ts'

/** A terminal's Ctrl-C may reach us twice, by itself and through what started us. */
const ONE_WISH_MS = 1_000

process.on('unhandledRejection', (error) => log.error({ err: error }, 'A promise failed that nobody waits for'))

let server: RunningServer | undefined
let askedAt: number | null = null
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (askedAt === null) {
      askedAt = Date.now()
      void server?.stop().then(() => process.exit(0))
    } else if (Date.now() - askedAt > ONE_WISH_MS) server?.hurry()
  })
}

try {
  server = new RunningServer({ env: env(), openPages, withDaemon: true })
  await server.ready()
} catch (error) {
  if (askedAt === null) {
    if (error instanceof StartError) process.stderr.write(`${error.message}\n`)
    else log.fatal({ err: error }, 'The server could not start')
    process.exit(1)
  }
}
