/**
 * One daemon for each data folder: two would write the same outboxes. The lock is a listening socket, which the system lets go
 * of with its process, however that ends; a file with a process id would outlive a kill.
 */
import { createHash } from 'node:crypto'
import { realpathSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** On Linux the name is in no file system; elsewhere it is a file that a killed process leaves behind. */
function addressOf(home: string): string {
  const name = `gatehouse-node-${createHash('sha256').update(realpathSync(home)).digest('hex').slice(0, 32)}`
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), name)
}

/** Holds the folder until this process ends. False when another daemon does. */
export async function lockHome(home: string): Promise<boolean> {
  const address = addressOf(home)
  if (await listen(address)) return true
  if (process.platform === 'linux' || (await answers(address))) return false
  rmSync(address, { force: true })
  return listen(address)
}

function listen(address: string): Promise<boolean> {
  const server: Server = createServer((socket) => socket.destroy())
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)))
    // It does not keep the process: whoever has nothing more to do may end.
    server.listen(address, () => resolve(true)).unref()
  })
}

function answers(address: string): Promise<boolean> {
  const socket = connect(address)
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).finally(() => socket.destroy()) as Promise<boolean>
}
