/** The server's entry: started by `bin/start.mjs`. Next: `server/run.ts`, which puts the parts together. */
import { openPages } from '#server/next-pages.ts'
import { runProcess } from '#server/run-process.ts'

await runProcess({ openPages, withDaemon: true })
