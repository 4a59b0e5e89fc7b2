import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TurnId } from '#core/ids.ts'
import { newSession, step, type Ending, type Input, type Order, type Session } from '#agent/session-machine.ts'

const [a, b, c] = ['1', '2', '3'].map((n) => TurnId.parse(`0199aaaa-0000-7000-8000-00000000000${n}`)) as [TurnId, TurnId, TurnId]
const commands = (prompts: TurnId[], cancels: TurnId[] = []): Input => ({ type: 'commands', prompts, cancels })
const accepted = (turnId: TurnId, isWithdrawn = false): Input => ({ type: 'accepted', turnId, isWithdrawn })
const completed: Ending = { outcome: 'completed', stopReason: 'end_turn' }
const answered = (turnId: TurnId, ending: Ending = completed): Input => ({ type: 'answered', turnId, ending })
const finished: Input = { type: 'finished' }
const crash: Input = { type: 'exited', detail: 'boom' }

function play(...inputs: Input[]): { session: Session; orders: string[] } {
  let session = newSession
  const orders: Order[] = []
  for (const input of inputs) {
    const taken = step(session, input)
    session = taken.session
    orders.push(...taken.orders)
  }
  return { session, orders: orders.map(tell) }
}

const letters = new Map([
  [a, 'a'],
  [b, 'b'],
  [c, 'c'],
])
function tell(order: Order): string {
  const turn = 'turnId' in order ? ` ${letters.get(order.turnId)}` : ''
  const end = order.do === 'finish' ? ` ${order.ending.outcome}${order.ending.failure ? ` ${order.ending.failure.code}` : ''}` : ''
  return `${order.do}${turn}${end}${order.do === 'stop-agent' ? ` ${order.reason}` : ''}`
}

const warm = [commands([a]), { type: 'started' }, accepted(a), answered(a), finished] as const satisfies Input[]

const stories: { name: string; inputs: Input[]; orders: string[]; stage: Session['stage']['is'] }[] = [
  { name: 'one turn', inputs: [...warm], orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'arm-idle'], stage: 'idle' },
  {
    name: 'two queued turns, in order',
    inputs: [commands([a, b]), { type: 'started' }, accepted(a), answered(a), finished, accepted(b)],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'accept b', 'prompt b'],
    stage: 'prompting',
  },
  {
    name: 'a list that was on its way names a taken turn again',
    inputs: [...warm, commands([a])],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'arm-idle'],
    stage: 'idle',
  },
  {
    name: 'a prompt for a warm agent',
    inputs: [...warm, commands([b]), accepted(b)],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'arm-idle', 'accept b', 'prompt b'],
    stage: 'prompting',
  },
  {
    name: 'a prompt that was withdrawn at the last moment',
    inputs: [commands([a, b]), { type: 'started' }, accepted(a, true)],
    orders: ['start', 'accept a', 'accept b'],
    stage: 'accepting',
  },
  {
    name: 'everything withdrawn while it starts',
    inputs: [commands([a]), commands([]), { type: 'started' }],
    orders: ['start', 'arm-idle'],
    stage: 'idle',
  },
  {
    name: 'idle for long',
    inputs: [...warm, { type: 'idle-over' }, { type: 'stopped' }],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'arm-idle', 'stop-agent idle', 'release'],
    stage: 'over',
  },
  {
    name: 'a prompt that comes while it stops',
    inputs: [...warm, { type: 'idle-over' }, commands([b]), { type: 'stopped' }],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'arm-idle', 'stop-agent idle', 'start'],
    stage: 'starting',
  },
  {
    name: 'a cancel of the running turn, obeyed',
    inputs: [
      commands([a]),
      { type: 'started' },
      accepted(a),
      commands([], [a]),
      answered(a, { outcome: 'cancelled', stopReason: 'cancelled' }),
    ],
    orders: ['start', 'accept a', 'prompt a', 'cancel-agent a', 'finish a cancelled'],
    stage: 'finishing',
  },
  {
    name: 'a cancel that comes again and again',
    inputs: [commands([a]), { type: 'started' }, accepted(a), commands([], [a]), commands([], [a]), commands([], [a])],
    orders: ['start', 'accept a', 'prompt a', 'cancel-agent a'],
    stage: 'cancelling',
  },
  {
    name: 'a cancel answered with an error',
    inputs: [
      commands([a]),
      { type: 'started' },
      accepted(a),
      commands([], [a]),
      answered(a, { outcome: 'failed', stopReason: null, failure: { code: 'agent.protocol-error', facts: {} } }),
    ],
    orders: ['start', 'accept a', 'prompt a', 'cancel-agent a', 'finish a cancelled'],
    stage: 'finishing',
  },
  {
    name: 'a turn that ends by itself while the cancel is on its way',
    inputs: [commands([a]), { type: 'started' }, accepted(a), commands([], [a]), answered(a)],
    orders: ['start', 'accept a', 'prompt a', 'cancel-agent a', 'finish a completed'],
    stage: 'finishing',
  },
  {
    name: 'a cancel that is not obeyed',
    inputs: [commands([a, b]), { type: 'started' }, accepted(a), commands([b], [a]), { type: 'grace-over', turnId: a }, crash, finished],
    orders: ['start', 'accept a', 'prompt a', 'cancel-agent a', 'kill-agent', 'finish a cancelled', 'start'],
    stage: 'starting',
  },
  {
    name: 'the grace of an earlier turn',
    inputs: [...warm, commands([b]), accepted(b), { type: 'grace-over', turnId: a }],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'arm-idle', 'accept b', 'prompt b'],
    stage: 'prompting',
  },
  {
    name: 'a cancel while the turn is being accepted: the agent never sees it',
    inputs: [commands([a]), { type: 'started' }, commands([], [a]), accepted(a)],
    orders: ['start', 'accept a', 'finish a cancelled'],
    stage: 'finishing',
  },
  {
    name: 'a cancel while it starts',
    inputs: [commands([a]), commands([a], [a]), { type: 'start-aborted' }, accepted(a), finished],
    orders: ['start', 'abort-start', 'accept a', 'finish a cancelled', 'release'],
    stage: 'over',
  },
  {
    name: 'a start that fails: each waiting turn ends with the reason',
    inputs: [commands([a]), { type: 'start-failed', failure: { code: 'connection.missing', facts: {} } }, accepted(a), finished],
    orders: ['start', 'accept a', 'finish a failed connection.missing', 'release'],
    stage: 'over',
  },
  {
    name: 'a crash in a turn',
    inputs: [commands([a, b]), { type: 'started' }, accepted(a), crash, finished],
    orders: ['start', 'accept a', 'prompt a', 'finish a failed agent.crashed', 'start'],
    stage: 'starting',
  },
  {
    name: 'a crash while the turn is being accepted',
    inputs: [commands([a]), { type: 'started' }, crash, accepted(a), finished],
    orders: ['start', 'accept a', 'finish a failed agent.crashed', 'release'],
    stage: 'over',
  },
  {
    name: 'a crash at rest',
    inputs: [...warm, crash],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'arm-idle', 'release'],
    stage: 'over',
  },
  {
    name: 'a shutdown in a turn: interrupted, and the queue is left',
    inputs: [
      commands([a, b]),
      { type: 'started' },
      accepted(a),
      { type: 'drain' },
      answered(a, { outcome: 'cancelled', stopReason: 'cancelled' }),
      finished,
      { type: 'stopped' },
    ],
    orders: ['start', 'accept a', 'prompt a', 'cancel-agent a', 'finish a interrupted', 'stop-agent shutdown', 'release'],
    stage: 'over',
  },
  {
    name: 'a shutdown while it starts: nothing was taken',
    inputs: [commands([a]), { type: 'drain' }, { type: 'start-aborted' }],
    orders: ['start', 'abort-start', 'release'],
    stage: 'over',
  },
  {
    name: 'a shutdown at rest',
    inputs: [...warm, { type: 'drain' }, { type: 'stopped' }],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'arm-idle', 'stop-agent shutdown', 'release'],
    stage: 'over',
  },
  {
    name: 'a drain in a turn: it ends by itself, and the queue is left',
    inputs: [commands([a, b]), { type: 'started' }, accepted(a), { type: 'retire' }, answered(a), finished, { type: 'stopped' }],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'stop-agent shutdown', 'release'],
    stage: 'over',
  },
  {
    name: 'a drain while a turn is being taken: it is taken, and ends',
    inputs: [commands([a]), { type: 'started' }, { type: 'retire' }, accepted(a), answered(a), finished, { type: 'stopped' }],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'stop-agent shutdown', 'release'],
    stage: 'over',
  },
  {
    name: 'a drain while it starts: nothing was taken',
    inputs: [commands([a]), { type: 'retire' }, { type: 'start-aborted' }],
    orders: ['start', 'abort-start', 'release'],
    stage: 'over',
  },
  {
    name: 'a drain at rest',
    inputs: [...warm, { type: 'retire' }, { type: 'stopped' }],
    orders: ['start', 'accept a', 'prompt a', 'finish a completed', 'arm-idle', 'stop-agent shutdown', 'release'],
    stage: 'over',
  },
  {
    name: 'a drain that takes too long for a shutdown',
    inputs: [
      commands([a]),
      { type: 'started' },
      accepted(a),
      { type: 'retire' },
      { type: 'drain' },
      answered(a, { outcome: 'cancelled', stopReason: 'cancelled' }),
      finished,
      { type: 'stopped' },
    ],
    orders: ['start', 'accept a', 'prompt a', 'cancel-agent a', 'finish a interrupted', 'stop-agent shutdown', 'release'],
    stage: 'over',
  },
  {
    name: 'a lost lease',
    inputs: [commands([a]), { type: 'started' }, accepted(a), { type: 'fenced' }, answered(a), crash],
    orders: ['start', 'accept a', 'prompt a', 'abandon'],
    stage: 'over',
  },
]

describe('stories', () => {
  it.each(stories)('$name', ({ inputs, orders, stage }) => {
    const played = play(...inputs)
    expect(played.orders).toEqual(orders)
    expect(played.session.stage.is).toBe(stage)
  })
})

describe('whatever happens', () => {
  const turn = fc.constantFrom(a, b, c)
  const input: fc.Arbitrary<Input> = fc.oneof(
    fc.record({ type: fc.constant('commands' as const), prompts: fc.subarray([a, b, c]), cancels: fc.subarray([a, b, c]) }),
    fc.constant({ type: 'started' } as const),
    fc.constant({ type: 'start-failed', failure: { code: 'harness.start-failed', facts: {} } } as const),
    fc.constant({ type: 'start-aborted' } as const),
    turn.map((turnId) => accepted(turnId)),
    turn.map((turnId) => accepted(turnId, true)),
    turn.map((turnId) => answered(turnId)),
    turn.map((turnId): Input => ({ type: 'grace-over', turnId })),
    fc.constant(crash),
    fc.constant(finished),
    fc.constant({ type: 'idle-over' } as const),
    fc.constant({ type: 'stopped' } as const),
    fc.constant({ type: 'drain' } as const),
    fc.constant({ type: 'retire' } as const),
    fc.constant({ type: 'fenced' } as const),
  )

  it('prompts a turn at most once, only after it was accepted, and finishes it at most once', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 80 }), (inputs) => {
        const { orders } = play(...inputs)
        for (const letter of letters.values()) {
          const accepts = orders.indexOf(`accept ${letter}`)
          const prompts = orders.filter((order) => order === `prompt ${letter}`)
          const finishes = orders.filter((order) => order.startsWith(`finish ${letter} `))
          expect(prompts.length).toBeLessThanOrEqual(1)
          expect(finishes.length).toBeLessThanOrEqual(1)
          if (prompts.length > 0) expect(accepts).toBeGreaterThanOrEqual(0)
          if (prompts.length > 0) expect(orders.indexOf(`prompt ${letter}`)).toBeGreaterThan(accepts)
          expect(orders.filter((order) => order === `accept ${letter}`).length).toBeLessThanOrEqual(1)
        }
        expect(orders.filter((order) => order === 'release' || order === 'abandon').length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 2_000 },
    )
  })
})
