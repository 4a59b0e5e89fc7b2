/** A run on a program's own login, from its file to the file's end: real sandbox, real ACP agent, in-memory server. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeliveryGrant } from '#core/links/daemon.ts'
import { fakeServer, type FakeServer } from '#agent/testing/fake-server.ts'
import { openWorld, type World } from '#agent/testing/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
}, 120_000)
afterAll(() => world.end(), 60_000)

const given = '{"refresh":"first"}'
const login: DeliveryGrant = { via: 'file', format: 'scripted', contents: given }
const token: DeliveryGrant = { via: 'env', issuer: 'scripted', token: 'native-token' }
const file = '.scripted/login.json'

const folderOf = (server: FakeServer): string => join(world.surroundings.workspacesRoot, server.chatId)
const fileOf = (server: FakeServer): string => join(folderOf(server), 'home-file', file)
const modeOf = (path: string): number => statSync(path).mode & 0o777
const replyOf = (server: FakeServer): string =>
  server
    .facts()
    .flatMap((fact) => (fact.type === 'reply.appended' ? [fact.text] : []))
    .join('')
const howStarted = (server: FakeServer): string[] => server.facts().flatMap((fact) => (fact.type === 'run.started' ? [fact.how] : []))

/** One prompt in a lease of its own, to the end of its agent. */
async function runOnce(server: FakeServer, script: string): Promise<string> {
  const before = replyOf(server).length
  const turn = server.request(script)
  const runner = world.begin(server, { idleStopMs: 1 })
  await server.ended(turn)
  await runner.over
  return replyOf(server).slice(before)
}

describe('a login file', { timeout: 30_000 }, () => {
  it('lies there for its program alone, is told when it changes, and is gone when the run has ended', async () => {
    const server = fakeServer(() => ({ delivery: login }))
    const turn = server.request(`run cat ~/${file}`)
    const runner = world.begin(server, { idleStopMs: 60_000 })
    await server.ended(turn)
    expect(replyOf(server)).toContain(given)
    expect([modeOf(fileOf(server)), modeOf(join(fileOf(server), '..'))]).toEqual([0o600, 0o700])

    const next = server.request(`run echo '{"refresh":"second"}' > ~/${file}`)
    runner.command(server.commands())
    await server.ended(next)
    runner.yieldIfIdle()
    await runner.over
    const { runId } = await server.until('run.ended')
    expect(server.logins).toEqual([{ chatId: server.chatId, epoch: 1, runId, contents: '{"refresh":"second"}\n' }])
    // Whoever waits for this login begins with what was made of it.
    expect(server.calls.indexOf('loginChanged')).toBeLessThan(server.calls.indexOf('runEnded'))
    expect(existsSync(fileOf(server))).toBe(false)
  })

  it('is not written through a link that an earlier run planted, and into nothing that others can read', async () => {
    const server = fakeServer(() => ({ delivery: login }))
    await runOnce(server, 'run rm -rf ~/.scripted; mkdir -m 777 /work/trap; ln -s /work/trap ~/.scripted; ls -ld ~/.scripted')
    const turn = server.request('say again')
    const runner = world.begin(server)
    await server.ended(turn)
    expect(readdirSync(join(folderOf(server), 'work/trap'))).toEqual([])
    expect([modeOf(fileOf(server)), modeOf(join(fileOf(server), '..'))]).toEqual([0o600, 0o700])
    runner.drain()
    await runner.over
  })
})

describe('what a turn used', { timeout: 30_000 }, () => {
  const endOf = async (delivery: DeliveryGrant | null, script: string) => {
    const server = fakeServer(() => ({ ...(delivery && { delivery }) }))
    await runOnce(server, script)
    const { runId } = await server.until('run.started')
    const { usage } = await server.until('turn.ended')
    return { runId, usage }
  }
  const tokens = { inputTokens: 50, outputTokens: 7, cacheReadTokens: 900, cacheWriteTokens: 0, reasoningTokens: 0 }

  it.each([
    ['a login file', login],
    ['a subscription token', token],
  ])('is told with its end where it ran on %s, by the agent’s own word', async (_name, delivery) => {
    const { runId, usage } = await endOf(delivery, 'tokens 50 7 900\nsay done')
    expect(usage).toEqual({ runId, model: 'scripted-model', tokens, durationMs: expect.any(Number) })
  })

  it('is told as unknown where the agent does not say, or is gone', async () => {
    expect((await endOf(login, 'say done')).usage).toMatchObject({ tokens: null })
    expect((await endOf(login, 'tokens 50 7 900\ncrash')).usage).toMatchObject({ tokens: null })
  })

  it('is not told where it ran through the proxy, which meters it', async () => {
    expect((await endOf(null, 'tokens 50 7 900\nsay done')).usage).toBeUndefined()
  })
})

describe('a chat whose credential changes its kind', { timeout: 60_000 }, () => {
  it('keeps the homes apart, and each home its sessions', async () => {
    let delivery: DeliveryGrant | null = null
    const server = fakeServer(() => ({ ...(delivery && { delivery }) }))
    await runOnce(
      server,
      `run mkdir -p ~/.scripted ~/.config; echo planted > ~/.config/trap; echo '{"planted":1}' > ~/${file}; echo shared > /work/shared`,
    )
    delivery = login
    expect(await runOnce(server, `run ls ~/.config 2>&1; cat ~/${file} /work/shared`)).toMatch(/No such file[^]*"first"[^]*shared/)
    delivery = token
    const seen = await runOnce(server, `run ls -A ~; echo "$SCRIPTED_TOKEN"; env | grep -i proxy=`)
    expect(seen).toContain('native-token')
    expect(seen).toContain('HTTPS_PROXY=http://127.0.0.1:8377')
    expect(seen).not.toMatch(/\.scripted$|\.config/m)
    delivery = null
    const back = await runOnce(server, `run cat ~/.config/trap; ls ~/.scripted; env | grep -i proxy= || echo no tunnel`)
    // The planted login went before the program could read it.
    expect(back).toMatch(/^planted\s+no tunnel/)
    expect(howStarted(server)).toEqual(['new', 'new', 'new', 'resumed'])
    expect(readFileSync(join(folderOf(server), 'work/shared'), 'utf8')).toBe('shared\n')
  })
})
