/** A session from lease to release: real sandbox, real ACP agent, in-memory server. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import { isAlive, processesWith } from '#agent/sandbox/processes.ts'
import { fakeServer, type FakeServer } from '#agent/testing/fake-server.ts'
import { openWorld, type World } from '#agent/testing/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
}, 120_000)
afterAll(() => world.end(), 60_000)

const replyOf = (server: FakeServer): string =>
  server
    .facts()
    .flatMap((fact) => (fact.type === 'reply.appended' ? [fact.text] : []))
    .join('')
const typesOf = (server: FakeServer): DaemonFact['type'][] => server.facts().map((fact) => fact.type)
const beginnings = (server: FakeServer): string[] => server.facts().flatMap((fact) => (fact.type === 'run.started' ? [fact.how] : []))
const isContiguous = (server: FakeServer): boolean => server.log.every(({ pseq }, index) => pseq === index + 1)

describe('a turn', { timeout: 20_000 }, () => {
  it('accepts before it prompts, streams, writes files, records changes, and stays warm for the next', async () => {
    const server = fakeServer(() => ({ instructions: 'Be brief.' }))
    const first = server.request('think about it\ntool edit src/a.txt "one\\ntwo\\n"\nplan look; act\nusage 10 100\nsay hello there')
    const runner = world.begin(server)
    expect(await server.ended(first)).toEqual({ type: 'turn.ended', turnId: first, outcome: 'completed', stopReason: 'end_turn' })

    const types = typesOf(server)
    expect(types.indexOf('turn.accepted')).toBeLessThan(types.indexOf('thought.appended'))
    expect(types.indexOf('run.started')).toBeLessThan(types.indexOf('turn.accepted'))
    expect(replyOf(server)).toBe('hello there')
    expect(readFileSync(join(world.workdirOf(server), 'src/a.txt'), 'utf8')).toBe('one\ntwo\n')
    expect(server.facts().find((fact) => fact.type === 'tool.updated')).toMatchObject({
      status: 'completed',
      content: [{ type: 'diff', path: 'src/a.txt', oldText: null, newText: 'one\ntwo\n' }],
    })
    expect(await server.until('changes.recorded')).toMatchObject({
      turnId: first,
      isTruncated: false,
      files: [{ path: 'src/a.txt', status: 'added', added: 2, removed: 0, isBinary: false }],
    })
    expect(await server.until('context.measured')).toEqual({ type: 'context.measured', turnId: first, usedTokens: 10, sizeTokens: 100 })
    expect(readFileSync(join(world.surroundings.workspacesRoot, server.chatId, 'home/INSTRUCTIONS.md'), 'utf8')).toBe('Be brief.')

    const second = server.request('say again')
    runner.command(server.commands())
    await server.ended(second)
    expect(typesOf(server).filter((type) => type === 'run.started')).toHaveLength(1)
    expect(isContiguous(server)).toBe(true)
  })

  it('hands queued prompts over one at a time, as they stand when they are taken', async () => {
    const server = fakeServer(() => ({}))
    const first = server.request('wait-for-file go')
    const second = server.request('say second')
    const third = server.request('say third')
    const runner = world.begin(server)
    await server.until('turn.accepted', (fact) => fact.turnId === first)
    server.edit(second, 'say edited')
    server.withdraw(third)
    writeFileSync(join(world.workdirOf(server), 'go'), '')
    await server.ended(second)
    runner.command(server.commands())
    expect(replyOf(server)).toBe('edited')
    expect(
      server
        .facts()
        .filter((fact) => fact.type === 'turn.ended')
        .map((fact) => fact.turnId),
    ).toEqual([first, second])
  })

  it('keeps what nobody has a word for, and loses nothing around it', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('say before\nunknown-update\nmalformed-update\ngarbage\nsay after')
    world.begin(server)
    await server.ended(turn)
    const kept = server.facts().filter((fact) => fact.type === 'agent.said')
    expect(kept.map((fact) => [fact.turnId, fact.method])).toEqual([
      [turn, 'session/update'],
      [turn, 'session/update'],
      [turn, 'stdout'],
    ])
    expect(kept[0]!.raw).toMatchObject({ update: { sessionUpdate: 'brand_new_thing', payload: { answer: 42 } } })
    expect(replyOf(server)).toBe('beforeafter')
  })

  it('joins a flood of pieces without losing one, at the right offsets', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('flood 3000')
    world.begin(server)
    await server.ended(turn)
    const pieces = server.facts().filter((fact) => fact.type === 'reply.appended')
    let offset = 0
    for (const piece of pieces) {
      expect(piece.offset).toBe(offset)
      offset += piece.text.length
    }
    expect(replyOf(server)).toBe(Array.from({ length: 3000 }, (_, at) => `${at} `).join(''))
    expect(pieces.length).toBeLessThan(1500)
  })

  it('asks people for permission and passes the choice on', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('ask rm -rf build')
    const runner = world.begin(server)
    const question = await server.until('permission.requested')
    expect(question).toMatchObject({
      turnId: turn,
      title: 'rm -rf build',
      kind: 'execute',
      options: [{ optionId: 'allow' }, { optionId: 'always' }, { optionId: 'reject' }],
    })
    server.answer(question.requestId, 'always')
    runner.command(server.commands())
    await server.ended(turn)
    expect(replyOf(server)).toBe('You chose always. ')
    expect(typesOf(server)).not.toContain('permission.closed')
  })
})

describe('what an agent wants to know', { timeout: 30_000 }, () => {
  it('is asked of people, and what they say goes back to it', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('elicit form\nelicit url https://example.test/consent')
    const runner = world.begin(server)
    const asked = await server.until('elicitation.requested')
    expect(asked).toMatchObject({ turnId: turn, message: expect.stringContaining('a few things'), form: { mode: 'form' } })
    server.tell(asked.requestId, 'accept', { name: 'api', region: 'eu', replicas: 3, features: ['alerts'], isPublic: false })
    runner.command(server.commands())
    const page = await server.until('elicitation.requested', ({ form }) => form.mode === 'url')
    expect(page.form).toEqual({ mode: 'url', url: 'https://example.test/consent' })
    server.tell(page.requestId, 'decline')
    runner.command(server.commands())
    await server.ended(turn)
    expect(replyOf(server)).toBe(
      'You said accept. {"name":"api","region":"eu","replicas":3,"features":["alerts"],"isPublic":false} You said decline. ',
    )
    expect(typesOf(server)).not.toContain('elicitation.closed')
  })

  it('is closed when somebody stops the turn, and the agent hears that nobody answers', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('elicit form')
    const runner = world.begin(server)
    const { requestId } = await server.until('elicitation.requested')
    server.cancel(turn)
    runner.command(server.commands())
    expect(await server.ended(turn)).toMatchObject({ outcome: 'cancelled' })
    expect(await server.until('elicitation.closed')).toEqual({ type: 'elicitation.closed', requestId, reason: 'cancelled' })
    expect(replyOf(server)).toBe('You said cancel. ')
  })
})

describe('a cancel', { timeout: 20_000 }, () => {
  it('closes open questions, ends the turn, and leaves the agent warm', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('ask something')
    const runner = world.begin(server)
    const question = await server.until('permission.requested')
    server.cancel(turn)
    runner.command(server.commands())
    expect(await server.ended(turn)).toMatchObject({ outcome: 'cancelled', stopReason: 'cancelled' })
    expect(await server.until('permission.closed')).toEqual({
      type: 'permission.closed',
      requestId: question.requestId,
      reason: 'cancelled',
    })
    expect(server.facts().findLast((fact) => fact.type === 'tool.updated')).toMatchObject({ status: 'cancelled' })
    const next = server.request('say still here')
    runner.command(server.commands())
    expect(await server.ended(next)).toMatchObject({ outcome: 'completed' })
    expect(typesOf(server).filter((type) => type === 'run.started')).toHaveLength(1)
  })

  it('ends the process of an agent that does not obey, and the next turn resumes its session', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('say on\nignore-cancel')
    const runner = world.begin(server, { cancelGraceMs: 200 })
    await server.until('reply.appended')
    const next = server.request('say back')
    server.cancel(turn)
    runner.command(server.commands())
    expect(await server.ended(turn)).toMatchObject({ outcome: 'cancelled' })
    await server.ended(next)
    expect(await server.until('run.ended')).toMatchObject({ reason: 'stopped' })
    expect(
      server
        .facts()
        .filter((fact) => fact.type === 'run.started')
        .map((fact) => fact.how),
    ).toEqual(['new', 'resumed'])
    expect(replyOf(server)).toBe('onback')
  })
})

describe('an end that nobody wanted', { timeout: 20_000 }, () => {
  it('tells a crash with its last words, brings the agent back by itself, and calls neither turn nor run failed', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('crash out of memory')
    const next = server.request('say recovered')
    world.begin(server)
    const ended = await server.ended(turn)
    expect(ended).toMatchObject({ outcome: 'interrupted', failure: { code: 'agent.crashed' } })
    expect(ended.failure!.detail).toContain('scripted crash: out of memory')
    expect(await server.until('run.ended')).toMatchObject({ reason: 'crashed' })
    await server.ended(next)
    expect(replyOf(server)).toBe('Last words. recovered')
    expect(beginnings(server)).toEqual(['new', 'resumed'])
    // Back before the turn was called over, so "interrupted" says that the agent is there again.
    expect(typesOf(server).lastIndexOf('run.started')).toBeLessThan(typesOf(server).indexOf('turn.ended'))
  })

  it('calls a turn failed once its agent has not come back so many times', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('run echo nothing-it-can-read > $SCRIPTED_STATE\ncrash')
    const runner = world.begin(server)
    expect(await server.ended(turn)).toMatchObject({ outcome: 'failed', failure: { code: 'agent.crashed' } })
    const tries = server.facts().flatMap((fact) => (fact.type === 'run.progressed' && / of 3/.test(fact.note) ? [fact.note] : []))
    expect(tries.map((note) => note.slice(-8))).toEqual(['(1 of 3)', '(2 of 3)', '(3 of 3)'])
    await runner.over
    expect(server.calls.filter((call) => call === 'startRun')).toHaveLength(4)
  })

  it('stops bringing an agent back when somebody cancels', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('run echo nothing-it-can-read > $SCRIPTED_STATE\ncrash')
    const runner = world.begin(server, { restartDelaysMs: [600_000] })
    await server.until('run.ended')
    server.cancel(turn)
    runner.command(server.commands())
    expect(await server.ended(turn)).toMatchObject({ outcome: 'cancelled' })
    await runner.over
  })

  it.each([
    ['before it answers', ''],
    ['after it has answered', 'habit late-replay\n'],
  ])('logs nothing of a loaded session again, replayed %s, also after a cancel', async (_, habit) => {
    const server = fakeServer(() => ({}))
    const first = server.request(`habit no-resume\n${habit}say once`)
    const cancelled = server.request('say twice\nignore-cancel')
    const runner = world.begin(server, { cancelGraceMs: 50 })
    await server.until('reply.appended', (fact) => fact.text === 'twice')
    const last = server.request('say thrice')
    server.cancel(cancelled)
    runner.command(server.commands())
    await server.ended(last)
    expect(await server.ended(cancelled)).toMatchObject({ outcome: 'cancelled' })
    expect(beginnings(server)).toEqual(['new', 'loaded'])
    const said = server.facts().flatMap((fact) => (fact.type === 'reply.appended' ? [[fact.turnId, fact.text]] : []))
    expect(said).toEqual([
      [first, 'once'],
      [cancelled, 'twice'],
      [last, 'thrice'],
    ])
    expect(server.facts().filter((fact) => fact.type === 'agent.said')).toEqual([])
  })

  it('says when the agent is signed out, and when it answers with an error', async () => {
    const server = fakeServer(() => ({}))
    const signedOut = server.request('fail -32000')
    const broken = server.request('fail -32603')
    const refused = server.request('refuse')
    world.begin(server)
    expect(await server.ended(signedOut)).toMatchObject({ outcome: 'failed', failure: { code: 'agent.signed-out' } })
    expect(await server.ended(broken)).toMatchObject({
      outcome: 'failed',
      failure: { code: 'agent.protocol-error', detail: expect.stringContaining('scripted failure') },
    })
    expect(await server.ended(refused)).toMatchObject({ outcome: 'refused', stopReason: 'refusal' })
  })

  it('ends the turn with the reason when the server grants no run', async () => {
    const server = fakeServer(() => ({ refuse: { ok: false, code: 'connection.missing', facts: { harness: 'scripted' } } }))
    const turn = server.request('say never')
    const runner = world.begin(server)
    expect(await server.ended(turn)).toMatchObject({
      outcome: 'failed',
      failure: { code: 'connection.missing', facts: { harness: 'scripted' } },
    })
    await runner.over
    expect(server.calls.at(-1)).toBe('release')
  })

  it('goes on in a new run when what the warm one was bound to holds no more, and fails when that is refused', async () => {
    let isRefused = false
    const refuse = { ok: false, code: 'connection.not-yours', facts: {} } as const
    const server = fakeServer((): ReturnType<Parameters<typeof fakeServer>[0]> => (isRefused ? { refuse } : {}))
    const first = server.request('say first')
    const runner = world.begin(server)
    await server.ended(first)
    server.changePin()
    const second = server.request('say second')
    runner.command(server.commands())
    await server.ended(second)
    expect(server.facts().flatMap((fact) => (fact.type === 'run.started' ? [fact.how] : []))).toEqual(['new', 'resumed'])
    expect(replyOf(server)).toMatch(/first.*second$/s)

    server.changePin()
    isRefused = true
    const third = server.request('say never')
    runner.command(server.commands())
    expect(await server.ended(third)).toMatchObject({ outcome: 'failed', failure: { code: 'connection.not-yours' } })
    expect(replyOf(server)).not.toContain('never')
    await runner.over
  })

  it('waits for a login that another chat works on, says so once, and goes on by itself', async () => {
    let refusals = 0
    const refuse = { ok: false, code: 'login.in-use', facts: { harness: 'scripted' } } as const
    const server = fakeServer((): ReturnType<Parameters<typeof fakeServer>[0]> => ((refusals += 1) <= 2 ? { refuse } : {}))
    const turn = server.request('say at last')
    world.begin(server)
    expect(await server.ended(turn)).toMatchObject({ outcome: 'completed' })
    expect(refusals).toBe(3)
    const notes = server.facts().flatMap((fact) => (fact.type === 'run.progressed' ? [fact.note] : []))
    expect(notes.filter((note) => note.includes('another chat'))).toHaveLength(1)
  })

  it('waits for it no longer than somebody wants, also when its turn has begun', async () => {
    let isInUse = false
    const refuse = { ok: false, code: 'login.in-use', facts: {} } as const
    const server = fakeServer((): ReturnType<Parameters<typeof fakeServer>[0]> => (isInUse ? { refuse } : {}))
    const first = server.request('say first')
    const runner = world.begin(server)
    await server.ended(first)
    isInUse = true
    server.changePin()
    const second = server.request('say never')
    runner.command(server.commands())
    await server.until('run.progressed', (fact) => fact.note.includes('another chat'))
    server.cancel(second)
    runner.command(server.commands())
    expect(await server.ended(second)).toMatchObject({ outcome: 'cancelled' })

    // Its agent is gone, so the chat is let go, and waits from the start the next time.
    await runner.over
    const third = server.request('say never')
    const next = world.begin(server)
    server.cancel(third)
    next.command(server.commands())
    expect(await server.ended(third)).toMatchObject({ outcome: 'cancelled' })
    expect(replyOf(server)).not.toContain('never')
  })

  it('ends the turn with git’s own words when the repository cannot be cloned', async () => {
    const server = fakeServer(() => ({ repositoryUrl: join(world.folder, 'no-such-repository') }))
    const turn = server.request('say never')
    world.begin(server)
    expect(await server.ended(turn)).toMatchObject({ outcome: 'failed', failure: { code: 'repository.clone-failed' } })
  })

  it('kills everything at once when the lease is lost, and adds nothing to the log', async () => {
    const server = fakeServer(() => ({}))
    server.request('spawn-grandchild\nsay words\nignore-cancel')
    const runner = world.begin(server)
    await server.until('reply.appended', (fact) => fact.text.includes('words'))
    server.fence()
    const before = server.log.length
    runner.fence()
    await runner.over
    expect(server.log.length).toBe(before)
    expect(
      processesWith(`SCRIPTED_STATE=/home/agent/scripted.json`).filter((pid) =>
        readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(server.chatId),
      ),
    ).toEqual([])
  })

  it('keeps what a fenced agent said until its end, beside the log', async () => {
    const server = fakeServer(() => ({}))
    server.request('stream words 100000 1')
    const runner = world.begin(server)
    await server.until('reply.appended', (fact) => fact.offset > 0)
    server.fence()
    runner.fence()
    await runner.over
    const journal = readFileSync(join(world.surroundings.workspacesRoot, server.chatId, 'home/journal.log'), 'utf8')
    const said = journal.match(/^say /gm)!.length
    const kept = [...server.log, ...server.salvaged].flatMap(({ fact }) => (fact.type === 'reply.appended' ? [fact.text] : [])).join('')
    // The last may have been noted by an agent that was killed before it said it.
    expect([said, said - 1]).toContain(kept.trim().split(' ').length)
    expect(server.salvaged.map(({ fact }) => fact.type)).toContain('run.ended')
  })
})

describe('rest and return', { timeout: 20_000 }, () => {
  it('stops an idle agent with its grandchildren, releases, and resumes in a later lease', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('spawn-grandchild\nsay first')
    const runner = world.begin(server, { idleStopMs: 50 })
    await server.ended(turn)
    await runner.over
    expect(await server.until('run.ended')).toMatchObject({ reason: 'idle' })
    expect(server.calls.filter((call) => call === 'release')).toHaveLength(1)
    expect(existsSync(join(world.outboxRoot, `${server.chatId}.jsonl`))).toBe(false)

    const second = server.request('say second')
    world.begin(server)
    await server.ended(second)
    expect(
      server
        .facts()
        .filter((fact) => fact.type === 'run.started')
        .map((fact) => fact.how),
    ).toEqual(['new', 'resumed'])
    expect(replyOf(server)).toMatch(/first.*second$/s)
  })

  it('interrupts the running turn when it drains, and leaves the queued one for whoever comes next', async () => {
    const server = fakeServer(() => ({}))
    const running = server.request('say started\nwait-for-cancel')
    const queued = server.request('say later')
    const runner = world.begin(server)
    await server.until('reply.appended')
    runner.drain()
    await runner.over
    expect(await server.ended(running)).toMatchObject({ outcome: 'interrupted' })
    expect(server.commands().map((command) => command.kind === 'prompt' && command.turnId)).toEqual([queued])
    expect(server.facts().findLast((fact) => fact.type === 'run.ended')).toMatchObject({ reason: 'shutdown' })
  })

  it('loses nothing while the server is away', async () => {
    const server = fakeServer(() => ({}))
    const turn = server.request('say one\nwait-for-file go\nsay two')
    world.begin(server)
    await server.until('reply.appended')
    server.setAway(true)
    writeFileSync(join(world.workdirOf(server), 'go'), '')
    await expect
      .poll(() => readFileSync(join(world.outboxRoot, `${server.chatId}.jsonl`), 'utf8').includes('turn.ended'), { timeout: 10_000 })
      .toBe(true)
    expect(typesOf(server)).not.toContain('turn.ended')
    server.setAway(false)
    await server.ended(turn)
    expect(replyOf(server)).toBe('onetwo')
    expect(isContiguous(server)).toBe(true)
  })
})

describe('a model that only a new process can take', { timeout: 20_000 }, () => {
  it('replaces the process, resumes the session, and then prompts', async () => {
    let model: string | null = 'model-a'
    const server = fakeServer(() => ({ model }))
    const first = server.request('env SCRIPTED_MODEL', 'model-a')
    const runner = world.begin(server)
    await server.ended(first)
    model = 'model-b'
    const second = server.request('env SCRIPTED_MODEL', 'model-b')
    runner.command(server.commands())
    await server.ended(second)
    expect(replyOf(server)).toBe('SCRIPTED_MODEL=model-a SCRIPTED_MODEL=model-b ')
    expect(await server.until('run.ended')).toMatchObject({ reason: 'replaced' })
  })
})

describe('a repository', { timeout: 20_000 }, () => {
  it('is cloned inside the sandbox, and changes are told against where it stood', async () => {
    const source = join(world.folder, 'source')
    mkdirSync(source)
    const git = (...args: string[]): string =>
      execFileSync('git', ['-C', source, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.test', ...args], { encoding: 'utf8' }).trim()
    git('init', '--quiet')
    writeFileSync(join(source, 'keep.txt'), 'as it was\n')
    writeFileSync(join(source, 'change.txt'), 'before\n')
    git('add', '.')
    git('commit', '--quiet', '-m', 'Begin')

    const server = fakeServer(() => ({ repositoryUrl: source }))
    const turn = server.request('write change.txt: after\nwrite new.txt: new\nrun git config core.fsmonitor "touch /work/owned; echo"')
    world.begin(server)
    await server.ended(turn)
    expect(await server.until('run.started')).toMatchObject({ baseCommit: git('rev-parse', 'HEAD') })
    const { files } = await server.until('changes.recorded')
    expect(files.map(({ path, status }) => [path, status])).toEqual([
      ['change.txt', 'modified'],
      ['new.txt', 'added'],
    ])
    expect(files[0]!.patch).toContain('-before\n+after')
    expect(existsSync(join(world.workdirOf(server), 'owned'))).toBe(false)
    expect(await server.until('run.progressed', (fact) => fact.stage === 'cloning')).toBeTruthy()
  })
})

it('leaves no process behind', { timeout: 20_000 }, async () => {
  await world.end()
  const left = processesWith('SCRIPTED_STATE=/home/agent/scripted.json').filter((pid) => isAlive(pid))
  expect(left.filter((pid) => readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(world.folder))).toEqual([])
})
