/** The server without pages and daemon, as a process: for tests that stop it, kill it and start it again. */
import { runProcess } from '#server/run-process.ts'

await runProcess({ openPages: null, withDaemon: false })
