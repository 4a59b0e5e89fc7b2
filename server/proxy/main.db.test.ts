import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { text } from '#e2e/world/fake-provider-scene.ts'
import { startFakeProvider } from '#e2e/world/fake-provider.ts'
import { databaseUrl } from '#server/db/client.ts'
import { ask, pathOf, question, seedRun } from '#server/proxy/testing.ts'
import { readRecords } from '#server/usage/service.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

it('serves as a process of its own, and goes when it is told to or when its server is gone', async () => {
  const provider = await startFakeProvider({ key: 'sk-real-own-process' })
  process.env['GATEHOUSE_PRIVATE_UPSTREAMS'] = provider.host
  const run = await seedRun({ dialect: 'openai-chat', baseUrl: provider.baseUrl('openai-chat'), key: provider.key })
  const home = mkdtempSync(path.join(tmpdir(), 'gatehouse-proxy-'))
  const port = await freePort()
  const start = () =>
    spawn(process.execPath, ['server/proxy/main.ts'], { cwd: root, stdio: ['pipe', 'inherit', 'inherit'], env: environment })
  const environment = {
    PATH: process.env['PATH'],
    GATEHOUSE_HOME: home,
    GATEHOUSE_LOG: 'silent',
    GATEHOUSE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    GATEHOUSE_PRIVATE_UPSTREAMS: provider.host,
    GATEHOUSE_PROXY_PORT: String(port),
    DATABASE_URL: databaseUrl(),
  } as unknown as NodeJS.ProcessEnv
  const child = start()
  const exited = once(child, 'exit')
  let orphan: ReturnType<typeof start> | null = null
  try {
    const origin = `http://127.0.0.1:${port}`
    await vi.waitFor(async () => expect((await fetch(`${origin}/api/health`)).status).toBe(200), { timeout: 30_000 })
    provider.play([text('Hello.')])
    const answer = await ask({ origin, path: pathOf('openai-chat'), token: run.token, body: question('openai-chat') })
    expect(answer.status).toBe(200)
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(await readRecords(run.scope, { chatId: run.chatId, limit: 5 })).toMatchObject([{ outcome: 'completed', source: 'provider' }])
    provider.assertClean()

    orphan = start()
    const ended = once(orphan, 'exit')
    await vi.waitFor(async () => expect((await fetch(`${origin}/api/health`)).status).toBe(200), { timeout: 30_000 })
    orphan.stdin.end()
    expect(await ended).toEqual([0, null])
  } finally {
    orphan?.kill('SIGKILL')
    child.kill('SIGKILL')
    await provider.close()
    rmSync(home, { recursive: true, force: true })
  }
})
