import { expect, it } from 'vitest'
import { toldServer } from '#agent/acp/connection.ts'

const can = { resumes: true, loads: true, takesImages: false, mcpOverHttp: true }
const bridge = { command: '/node', args: ['/bridge'], env: { GATEHOUSE_MCP_URL: 'http://127.0.0.1:8377/mcp' } }
const server = { name: 'gatehouse', url: 'http://127.0.0.1:8377/mcp', bridge }

it('hands a server over by HTTP where the program says that it takes it, else by the bridge, else not at all', () => {
  expect(toldServer(server, can)).toEqual([{ type: 'http', name: 'gatehouse', url: server.url, headers: [] }])
  expect(toldServer(server, { ...can, mcpOverHttp: false })).toEqual([
    { name: 'gatehouse', command: '/node', args: ['/bridge'], env: [{ name: 'GATEHOUSE_MCP_URL', value: server.url }] },
  ])
  expect(toldServer({ ...server, bridge: null }, { ...can, mcpOverHttp: false })).toEqual([])
})
