/**
 * The session machine against everything that may happen around it: an agent that dies at any moment, commands that
 * arrive late, people who cancel and withdraw, shutdowns, and a takeover by another daemon. Every state that two prompts
 * can reach is visited once, and in each of them the promises of REALTIME.md C8 and C9 must hold.
 */
import { expect, it } from 'vitest'
import type { TurnOutcome } from '#core/chat/events.ts'
import { TurnId } from '#core/ids.ts'
import { step } from '#agent/session-machine.ts'
import { newSession, RESTART_LIMIT, type Input, type Session } from '#agent/session-stage.ts'

const turns = ['1', '2'].map((n) => TurnId.parse(`0199aaaa-0000-7000-8000-00000000000${n}`))

/** What the log and the queue say of a turn. */
type TurnState = {
  is: 'unsent' | 'queued' | 'withdrawn' | 'active' | TurnOutcome
  isCancelled: boolean
  /** How often an agent was given it. */
  handedOver: number
}

/** The daemon that holds the chat, with what is on its way to it. */
type Holder = {
  session: Session
  /** What its outbox still says of turns, in the order of the log. */
  outbox: readonly ({ is: 'accepted'; turnId: TurnId } | { is: 'ended'; turnId: TurnId; outcome: TurnOutcome })[]
  /** `busy` has a prompt. */
  agent: 'none' | 'starting' | 'idle' | 'busy' | 'lost'
  promptOf: TurnId | null
  /** A list of commands that was read and has not arrived. */
  told: Extract<Input, { type: 'commands' }> | null
  timer: 'none' | 'restart' | 'grace' | 'idle'
  finishing: { turnId: TurnId; outcome: TurnOutcome } | null
  isLeased: boolean
}

type World = { turns: readonly TurnState[]; holder: Holder; takeovers: number; isDraining: boolean; crashes: number }

/** Failed starts come on top, so the limit is reached all the same. */
const CRASHES_MAX = 1
const startFailed: Input = { type: 'start-failed', failure: { code: 'harness.start-failed', facts: {} } }
const refused: Input = { type: 'start-failed', failure: { code: 'connection.missing', facts: {} } }
const ended = new Set<string>(['withdrawn', 'completed', 'cancelled', 'interrupted', 'refused', 'failed'])
const freshHolder: Holder = {
  session: newSession,
  outbox: [],
  agent: 'none',
  promptOf: null,
  told: null,
  timer: 'none',
  finishing: null,
  isLeased: true,
}

const numberOf = (turnId: TurnId): number => turns.indexOf(turnId)
const withTurn = (world: World, turnId: TurnId, change: Partial<TurnState>): World => ({
  ...world,
  turns: world.turns.map((each, at) => (at === numberOf(turnId) ? { ...each, ...change } : each)),
})
const withHolder = (world: World, change: Partial<Holder>): World => ({ ...world, holder: { ...world.holder, ...change } })
const stateOf = (world: World, turnId: TurnId): TurnState => world.turns[numberOf(turnId)]!
const activeTurn = (world: World): TurnId | undefined => turns.find((each) => stateOf(world, each).is === 'active')

function commandsOf(world: World): Extract<Input, { type: 'commands' }> {
  return {
    type: 'commands',
    prompts: turns.filter((each) => stateOf(world, each).is === 'queued'),
    cancels: turns.filter((each) => stateOf(world, each).is === 'active' && stateOf(world, each).isCancelled),
  }
}

/** One input for the machine; its orders are carried out as `session-runner.ts` does. */
function feed(world: World, input: Input): World {
  const { session, orders } = step(world.holder.session, input)
  let next = withHolder(world, { session })
  for (const order of orders) {
    next = withHolder(next, { timer: 'none' })
    const { agent, outbox } = next.holder
    switch (order.do) {
      case 'start':
        expect(agent, 'one agent at a time').toBe('none')
        next = withHolder(next, { agent: 'starting' })
        break
      case 'abort-start':
      case 'prompt':
        break
      case 'accept':
        next = withHolder(next, { outbox: [...outbox, { is: 'accepted', turnId: order.turnId }] })
        break
      case 'arm-restart':
        next = withHolder(next, { timer: 'restart' })
        break
      case 'cancel-agent':
        next = withHolder(next, { timer: 'grace' })
        break
      case 'kill-agent':
        next = withHolder(next, { agent: agent === 'none' ? 'none' : 'lost' })
        break
      case 'finish': {
        expect(next.holder.finishing, 'one end at a time').toBeNull()
        const { outcome, failure } = order.ending
        if (outcome === 'failed' && failure?.code !== 'connection.missing')
          expect(session.failures, 'failed only when nothing more happens by itself').toBe(RESTART_LIMIT)
        next = withHolder(next, { finishing: { turnId: order.turnId, outcome } })
        break
      }
      case 'stop-agent':
        // It ends, and nothing of it is heard any more.
        next = withHolder(next, { agent: 'none', promptOf: null })
        break
      case 'arm-idle':
        next = withHolder(next, { timer: 'idle' })
        break
      case 'release':
      case 'abandon':
        expect(next.holder.isLeased, 'given back once').toBe(true)
        if (order.do === 'release') expect(agent, 'given back without an agent').toBe('none')
        next = withHolder(next, { agent: 'none', promptOf: null, isLeased: false, told: null })
        break
    }
  }
  return next
}

/** What the log makes of the first thing in the outbox. */
function deliver(world: World): World {
  const [first, ...rest] = world.holder.outbox
  const next = withHolder(world, { outbox: rest })
  const turn = stateOf(world, first!.turnId)
  if (first!.is === 'accepted') {
    const isTaken = turn.is === 'queued' && activeTurn(world) === undefined
    const logged = isTaken ? withTurn(next, first!.turnId, { is: 'active' }) : next
    return feed(logged, { type: 'accepted', turnId: first!.turnId, isWithdrawn: !isTaken })
  }
  expect(turn.is, 'one outcome for each turn').toBe('active')
  return withTurn(next, first!.turnId, { is: first!.outcome })
}

/** A prompt reaches an agent: at most once, only of a turn that the log calls taken, never after its cancel was heard of. */
function handOver(world: World, turnId: TurnId): World {
  const turn = stateOf(world, turnId)
  expect(turn.handedOver, 'handed over once').toBe(0)
  expect(turn.is, 'handed over only while it is taken').toBe('active')
  expect(world.holder.session.cancelled, 'not handed over after a cancel').not.toContain(turnId)
  const given = withHolder(withTurn(world, turnId, { handedOver: 1 }), { agent: 'busy', promptOf: turnId })
  return feed(given, { type: 'handed-over', turnId })
}

/** Everything that may happen next. */
function* futures(world: World): Generator<[string, World]> {
  const { holder } = world
  const { stage } = holder.session
  for (const [at, turn] of world.turns.entries()) {
    const turnId = turns[at]!
    if (turn.is === 'unsent' && (at === 0 || world.turns[at - 1]!.is !== 'unsent'))
      yield [`send ${at}`, withTurn(world, turnId, { is: 'queued' })]
    if (turn.is === 'queued' && at === 1) yield [`withdraw ${at}`, withTurn(world, turnId, { is: 'withdrawn' })]
    if (turn.is === 'active' && !turn.isCancelled) yield [`cancel ${at}`, withTurn(world, turnId, { isCancelled: true })]
  }
  if (holder.isLeased) {
    const commands = commandsOf(world)
    if (holder.told) yield ['hear', feed(withHolder(world, { told: null }), holder.told)]
    else if (isNews(holder.session, commands)) yield ['tell', withHolder(world, { told: commands })]
    if (holder.agent === 'starting') {
      yield ['started', feed(withHolder(world, { agent: 'idle' }), { type: 'started' })]
      yield ['not started', feed(withHolder(world, { agent: 'none' }), startFailed)]
      yield ['refused', feed(withHolder(world, { agent: 'none' }), refused)]
      yield ['aborted', feed(withHolder(world, { agent: 'none' }), { type: 'start-aborted' })]
    }
    if (stage.is === 'prompting' && !stage.isHandedOver && holder.agent === 'idle') {
      yield [`hand over`, handOver(world, stage.turnId)]
      yield ['no replacement', feed(withHolder(world, { agent: 'none' }), startFailed)]
    }
    if (holder.agent === 'busy' && holder.promptOf) {
      const free = withHolder(world, { agent: 'idle', promptOf: null })
      for (const outcome of ['completed', 'cancelled'] as const) {
        if (outcome === 'cancelled' && stage.is !== 'cancelling') continue
        yield [`answer ${outcome}`, feed(free, { type: 'answered', turnId: holder.promptOf, ending: { outcome, stopReason: null } })]
      }
    }
    if (stage.is === 'cancelling' && holder.agent === 'idle' && !holder.finishing) {
      // The cancel came before the prompt was on its way.
      yield ['called off', feed(world, { type: 'answered', turnId: stage.turnId, ending: { outcome: 'cancelled', stopReason: null } })]
    }
    if (holder.agent === 'idle' || holder.agent === 'busy') {
      if (world.crashes < CRASHES_MAX)
        yield ['crash', withHolder({ ...world, crashes: world.crashes + 1 }, { agent: 'lost', promptOf: null })]
    }
    if (holder.agent === 'lost') yield ['hear of the crash', feed(withHolder(world, { agent: 'none' }), { type: 'exited', detail: '' })]
    if (holder.timer === 'restart') yield ['restart is due', feed(withHolder(world, { timer: 'none' }), { type: 'restart-due' })]
    if (holder.timer === 'idle') yield ['idle is over', feed(withHolder(world, { timer: 'none' }), { type: 'idle-over' })]
    if (holder.timer === 'grace' && stage.is === 'cancelling')
      yield ['grace is over', feed(withHolder(world, { timer: 'none' }), { type: 'grace-over', turnId: stage.turnId })]
    if (holder.finishing) {
      const { turnId, outcome } = holder.finishing
      const put = withHolder(world, { finishing: null, outbox: [...holder.outbox, { is: 'ended', turnId, outcome }] })
      yield ['finished', feed(put, { type: 'finished' })]
    }
    if (stage.is === 'stopping') yield ['stopped', feed(world, { type: 'stopped' })]
    if (holder.outbox.length > 0) yield ['deliver', deliver(world)]
    if (!world.isDraining) yield ['drain', feed({ ...world, isDraining: true }, { type: 'drain' })]
  }
  // Another daemon, or this one after a restart: the epoch before counts no more, and what it had open is interrupted.
  const canTake = !holder.isLeased || world.takeovers === 0
  if (canTake && world.takeovers < 2 && (holder.isLeased || holder.outbox.length === 0)) {
    const active = activeTurn(world)
    const interrupted = active ? withTurn(world, active, { is: 'interrupted' }) : world
    if (commandsOf(interrupted).prompts.length > 0 || holder.isLeased) {
      const taken: World = {
        ...interrupted,
        holder: freshHolder,
        takeovers: world.takeovers + (holder.isLeased ? 1 : 0),
        isDraining: false,
      }
      yield ['take over', feed(taken, commandsOf(taken))]
    }
  }
}

const isNews = (
  { waiting, known, cancelled }: Session,
  { prompts, cancels }: { prompts: readonly TurnId[]; cancels: readonly TurnId[] },
) => {
  const fresh = prompts.filter((each) => !known.includes(each))
  return fresh.join() !== waiting.join() || cancels.some((each) => !cancelled.includes(each))
}

/** With nothing on its way and nobody at work, every turn that was taken has its outcome, and none waits for nobody. */
function expectSettled(world: World): void {
  const { holder } = world
  const isQuiet = holder.outbox.length === 0 && !holder.told && !holder.finishing && (holder.timer === 'none' || holder.timer === 'idle')
  const isAtWork = holder.isLeased && ['starting', 'busy', 'lost'].includes(holder.agent)
  if (!isQuiet || isAtWork || isNews(holder.session, commandsOf(world))) return
  const { stage } = holder.session
  if (holder.isLeased && !['idle', 'over', 'cold'].includes(stage.is)) return
  for (const turn of world.turns) {
    expect(turn.is, `nothing is left open at ${stage.is}`).not.toBe('active')
    if (holder.isLeased) expect(turn.is, `nothing waits for nobody at ${stage.is}`).not.toBe('queued')
  }
}

it('keeps its promises in every state that can be reached', { timeout: 120_000 }, () => {
  const unsent: TurnState = { is: 'unsent', isCancelled: false, handedOver: 0 }
  const [first, ...others] = turns.map(() => unsent)
  const asked: World = { turns: [{ ...first!, is: 'queued' }, ...others], holder: freshHolder, takeovers: 0, isDraining: false, crashes: 0 }
  const beginning = feed(asked, commandsOf(asked))
  const seen = new Set([JSON.stringify(beginning)])
  const outcomes = new Set<string>()
  let frontier: { world: World; way: readonly string[] }[] = [{ world: beginning, way: [] }]
  while (frontier.length > 0) {
    const next: typeof frontier = []
    for (const { world, way } of frontier) {
      try {
        expectSettled(world)
        for (const [name, future] of futures(world)) {
          const key = JSON.stringify(future)
          if (seen.has(key)) continue
          seen.add(key)
          next.push({ world: future, way: [...way, name] })
          for (const turn of future.turns) if (ended.has(turn.is)) outcomes.add(turn.is)
        }
      } catch (error) {
        throw new Error(`After: ${way.join(', ')}`, { cause: error })
      }
    }
    frontier = next
  }
  // It was worth it: the walk has met every way in which a turn ends here.
  expect([...outcomes].toSorted()).toEqual(['cancelled', 'completed', 'failed', 'interrupted', 'withdrawn'])
  expect(seen.size).toBeGreaterThan(20_000)
})
