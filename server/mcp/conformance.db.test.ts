/** The protocol's public conformance suite against the running server, behind what a gateway does: it puts the token in. */
import { execFile } from 'node:child_process'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'
import { seedCallingRun, startMcpServer, type McpTestServer } from '#server/mcp/testing.ts'

const suite = join(dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')), 'dist/index.js')

let server: McpTestServer
let url: string
let close: () => Promise<void>
beforeAll(async () => {
  server = await startMcpServer()
  const scope = await seedTeamScope()
  const { token } = await seedCallingRun(scope, await seedChat(scope))
  const { port } = new URL(server.url)
  const gateway = createServer((req, res) => {
    const headers = { ...req.headers, authorization: `Bearer ${token}` }
    // Its own address is the server's for the suite; any other host or origin stays as it was sent.
    const own = `localhost:${(gateway.address() as AddressInfo).port}`
    if (headers.host === own) headers.host = `localhost:${port}`
    if (headers.origin === `http://${own}`) headers.origin = `http://localhost:${port}`
    req.pipe(
      request({ host: '127.0.0.1', port, path: req.url, method: req.method, headers }, (answer) => {
        res.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(res)
      }),
    )
  })
  await new Promise<void>((resolve) => gateway.listen(0, 'localhost', resolve))
  url = `http://localhost:${(gateway.address() as AddressInfo).port}/mcp`
  close = () =>
    new Promise((resolve) => {
      gateway.closeAllConnections()
      gateway.close(() => resolve())
    })
})
afterAll(async () => {
  await close()
  await server.close()
})

/** The other scenarios call the example tools, resources and prompts of a server that has all of the protocol; ours has tools alone. */
const scenarios = ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection']

it.each(scenarios)('conforms in the scenario %s', async (scenario) => {
  const { code, said } = await new Promise<{ code: number; said: string }>((resolve) => {
    execFile(process.execPath, [suite, 'server', '--url', url, '--scenario', scenario], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, said: stdout + stderr }),
    )
  })
  expect(said).toMatch(/Passed: [1-9]\d*\/\d+, 0 failed/)
  expect(code).toBe(0)
})
