/** A `RunningServer` as a process: stopped by signals, its failures told in a sentence. */
import { env } from '#server/env.ts'
import { log } from '#server/log.ts'
import { RunningServer, type RunOptions } from '#server/run.ts'
import { StartError } from '#server/start-error.ts'

/** A terminal's Ctrl-C may reach us twice, by itself and through what started us. */
const ONE_WISH_MS = 1_000

/** Resolves when the server is ready; the process ends when it was told to, or with code 1 when it could not start. */
export async function runProcess(options: Omit<RunOptions, 'env'>): Promise<void> {
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
    server = new RunningServer({ env: env(), ...options })
    await server.ready()
  } catch (error) {
    // Told to stop while it started: that is no failure.
    if (askedAt !== null) return
    if (error instanceof StartError) process.stderr.write(`${error.message}\n`)
    else log.fatal({ err: error }, 'The server could not start')
    process.exit(1)
  }
}
