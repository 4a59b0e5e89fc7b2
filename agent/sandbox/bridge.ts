#!/opt/gatehouse/bin/node
/**
 * Runs *inside* the sandbox, alone: no import but Node's own. The sandbox has no
 * network; this listens on its loopback and carries each connection to the run's
 * unix socket, behind which `gateway.ts` decides. It then starts the agent as its
 * child, so the agent never runs before somebody listens.
 *
 *   bridge.mts run <command> …      listen, run the command, exit as it exits
 *   bridge.mts <host> <port>        stdio to that host through the gateway (git's proxy command)
 */
import { spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'

// Repeated from inside.ts, which cannot be imported here.
const SOCKET = '/run/gatehouse/gateway.sock'
const PORT = 8377

const [first, ...rest] = process.argv.slice(2)
if (first === 'run') listenAndRun(rest)
else tunnel(first ?? '', rest[0] ?? '')

function listenAndRun([program, ...args]: string[]): void {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ path: SOCKET, allowHalfOpen: true })
    near.pipe(far)
    far.pipe(near)
    // A cut on either side must be seen on the other at once: it stops a paid stream.
    near.on('error', () => far.destroy()).on('close', () => far.destroy())
    far.on('error', () => near.destroy()).on('close', () => near.destroy())
  })
  server.listen(PORT, '127.0.0.1', () => {
    const child = spawn(program ?? '', args, { stdio: 'inherit' })
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`)
      process.exit(127)
    })
    child.on('exit', (code, signal) => process.exit(code ?? (signal ? 128 : 1)))
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => child.kill(signal))
  })
}

function tunnel(host: string, port: string): void {
  const far = connect(SOCKET)
  far.write(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`)
  let head = ''
  far.on('data', function answered(piece: Buffer) {
    head += piece.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    far.off('data', answered)
    if (!/^HTTP\/1\.[01] 200/.test(head)) {
      process.stderr.write(`${head.slice(0, head.indexOf('\r\n'))}\n`)
      process.exit(1)
    }
    process.stdout.write(Buffer.from(head.slice(end + 4), 'latin1'))
    far.pipe(process.stdout)
    process.stdin.pipe(far)
  })
  far.on('close', () => process.exit(0)).on('error', () => process.exit(1))
}
