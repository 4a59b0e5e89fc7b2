/** Choices of mode and model to which an agent says nothing, or of which it dies: real agents in a real sandbox. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import type { AgentProcess } from '#agent/agent-process.ts'
import { chooseModel, settleOptions } from '#agent/session-options.ts'
import { fakeServer, type FakeServer } from '#agent/testing/fake-server.ts'
import { openWorld, type World } from '#agent/testing/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
}, 120_000)
afterAll(() => world.end(), 60_000)

const beginnings = (server: FakeServer): string[] => server.facts().flatMap((fact) => (fact.type === 'run.started' ? [fact.how] : []))
const replyOf = (server: FakeServer): string =>
  server
    .facts()
    .flatMap((fact) => (fact.type === 'reply.appended' ? [fact.text] : []))
    .join('')

type Grant = { model?: string; settings?: Record<string, string> }

/** A chat at rest whose next agent has these habits; `grants` are what its runs are given from then on, the last again and again. */
async function raise(habits: readonly string[], grants: readonly Grant[]): Promise<FakeServer> {
  let left: Grant[] | null = null
  const server = fakeServer(() => (left === null ? {} : left.length > 1 ? left.shift()! : left[0]!))
  const turn = server.request(habits.map((each) => `habit ${each}`).join('\n'))
  const runner = world.begin(server, { idleStopMs: 1 })
  await server.ended(turn)
  await runner.over
  left = [...grants]
  return server
}

describe('an agent that never answers the choice of its mode', { timeout: 60_000 }, () => {
  const muted = (): Promise<FakeServer> => raise(['mute'], [{ settings: { mode: 'other' } }])
  const sits = (server: FakeServer): Promise<void> => vi.waitFor(() => expect(beginnings(server)).toHaveLength(2), { timeout: 30_000 })

  it('lets the chat go when the lease is lost', async () => {
    const server = await muted()
    server.request('say never')
    const runner = world.begin(server)
    await sits(server)
    server.fence()
    runner.fence()
    await runner.over
    expect(runner.hasAgent()).toBe(false)
    expect(server.salvaged.map(({ fact }) => fact.type)).toContain('run.ended')
  })

  it('is stopped with the turn that it was started for', async () => {
    const server = await muted()
    const turn = server.request('say never')
    const runner = world.begin(server)
    await sits(server)
    server.cancel(turn)
    runner.command(server.commands())
    expect(await server.ended(turn)).toMatchObject({ outcome: 'cancelled' })
    await runner.over
    expect(server.facts().findLast((fact) => fact.type === 'run.ended')).toMatchObject({ reason: 'stopped' })
  })

  it('goes when its daemon goes, and the turn stays in line', async () => {
    const server = await muted()
    const turn = server.request('say never')
    const runner = world.begin(server)
    await sits(server)
    runner.drain()
    await runner.over
    expect(server.commands().map((command) => command.kind === 'prompt' && command.turnId)).toEqual([turn])
  })
})

describe('a model that the prompt wants', { timeout: 60_000 }, () => {
  it('brings no other agent once the turn is stopped, while the first keeps silent', async () => {
    const server = await raise(['mute', 'offers model-b'], [{ model: 'model-a' }])
    const turn = server.request('say never', 'model-b')
    const runner = world.begin(server, { cancelGraceMs: 50 })
    const journal = join(world.surroundings.workspacesRoot, server.chatId, 'home/journal.log')
    await vi.waitFor(() => expect(readFileSync(journal, 'utf8')).toBe('choice\n'), { timeout: 30_000 })
    server.cancel(turn)
    runner.command(server.commands())
    expect(await server.ended(turn)).toMatchObject({ outcome: 'cancelled' })
    await runner.over
    expect(server.calls.filter((call) => call === 'startRun')).toHaveLength(2)
    expect(replyOf(server)).toBe('')
  })

  it('brings exactly one other agent when the first dies of it, and the prompt goes to that one, once', async () => {
    const server = await raise(['frail', 'offers model-b'], [{ model: 'model-a' }, { model: 'model-b' }])
    const turn = server.request('say once', 'model-b')
    const runner = world.begin(server, { idleStopMs: 1 })
    expect(await server.ended(turn)).toMatchObject({ outcome: 'completed' })
    await runner.over
    expect(beginnings(server)).toEqual(['new', 'resumed', 'resumed'])
    expect(server.calls.filter((call) => call === 'startRun')).toHaveLength(3)
    expect(replyOf(server)).toBe('once')
  })
})

describe('silence', () => {
  const offer = {
    modes: { currentModeId: 'default', availableModes: [{ id: 'default', name: 'As it is' }] },
    configOptions: [
      { id: 'model', name: 'Model', type: 'select', currentValue: 'a', options: ['a', 'b'].map((value) => ({ value, name: value })) },
    ],
  }
  const never = (): Promise<never> => new Promise(() => {})
  const silent = {
    plan: { mode: 'other', effort: null, model: 'a', via: 'proxy' },
    harness: { id: 'scripted', effortOption: null, modelOption: { id: 'model', valueOf: (modelId: string) => modelId } },
    session: { agentSessionId: 'one', answer: offer },
    connection: { setMode: never, setOption: never },
    exited: Promise.resolve({ detail: '' }),
  } as unknown as AgentProcess
  const put = (fact: DaemonFact): never => expect.unreachable(fact.type)

  it('is waited for only so long', async () => {
    const { signal } = new AbortController()
    await expect(settleOptions(silent, put, { signal, answerMs: 1 })).rejects.toThrow('did not answer within')
    expect(await chooseModel(silent, 'b', put, 1)).toBe(false)
  })
})
