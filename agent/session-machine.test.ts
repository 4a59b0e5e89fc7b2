import { describe, expect, it } from 'vitest'
import { TurnId } from '#core/ids.ts'
import { step } from '#agent/session-machine.ts'
import { newSession, type Ending, type Input, type Order, type Session } from '#agent/session-stage.ts'

const [a, b, c, d] = ['1', '2', '3', '4'].map((n) => TurnId.parse(`0199aaaa-0000-7000-8000-00000000000${n}`)) as [
  TurnId,
  TurnId,
  TurnId,
  TurnId,
]
const commands = (prompts: TurnId[], cancels: TurnId[] = []): Input => ({ type: 'commands', prompts, cancels })
const accepted = (turnId: TurnId, isWithdrawn = false): Input => ({ type: 'accepted', turnId, isWithdrawn })
const completed: Ending = { outcome: 'completed', stopReason: 'end_turn' }
const answered = (turnId: TurnId, ending: Ending = completed): Input => ({ type: 'answered', turnId, ending })
const handedOver = (turnId: TurnId): Input => ({ type: 'handed-over', turnId })
const finished: Input = { type: 'finished' }
const started: Input = { type: 'started' }
const due: Input = { type: 'restart-due' }
const notStarted: Input = { type: 'start-failed', failure: { code: 'harness.start-failed', facts: {} } }
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
  [d, 'd'],
])
function tell(order: Order): string {
  const turn = 'turnId' in order ? ` ${letters.get(order.turnId)}` : ''
  const end = order.do === 'finish' ? ` ${order.ending.outcome}${order.ending.failure ? ` ${order.ending.failure.code}` : ''}` : ''
  return `${order.do}${turn}${end}${order.do === 'stop-agent' ? ` ${order.reason}` : ''}${order.do === 'arm-restart' ? ` ${order.nth}` : ''}`
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
    name: 'a crash in a turn: the agent comes back, and what it was given is not given again',
    inputs: [commands([a, b]), { type: 'started' }, accepted(a), handedOver(a), crash, due, { type: 'started' }, finished],
    orders: ['start', 'accept a', 'prompt a', 'arm-restart 1', 'start', 'finish a interrupted agent.crashed', 'accept b'],
    stage: 'accepting',
  },
  {
    name: 'a crash before the prompt was handed over: the agent comes back and gets it',
    inputs: [commands([a]), { type: 'started' }, crash, accepted(a), due, { type: 'started' }],
    orders: ['start', 'accept a', 'arm-restart 1', 'start', 'prompt a'],
    stage: 'prompting',
  },
  {
    name: 'an agent that should be replaced for a turn, and does not come up at first',
    inputs: [...warm, commands([b]), accepted(b), notStarted, due, { type: 'started' }],
    orders: [
      'start',
      'accept a',
      'prompt a',
      'finish a completed',
      'arm-idle',
      'accept b',
      'prompt b',
      'arm-restart 1',
      'start',
      'prompt b',
    ],
    stage: 'prompting',
  },
  {
    name: 'a cancel while another agent comes for its turn, and does not',
    inputs: [...warm, commands([b]), accepted(b), commands([], [b]), notStarted, finished],
    orders: [
      'start',
      'accept a',
      'prompt a',
      'finish a completed',
      'arm-idle',
      'accept b',
      'prompt b',
      'cancel-agent b',
      'finish b cancelled',
      'release',
    ],
    stage: 'over',
  },
  {
    name: 'an agent that does not come back: failed, once nothing more happens by itself',
    inputs: [
      commands([a]),
      { type: 'started' },
      accepted(a),
      handedOver(a),
      crash,
      due,
      notStarted,
      due,
      notStarted,
      due,
      notStarted,
      finished,
    ],
    orders: [
      'start',
      'accept a',
      'prompt a',
      'arm-restart 1',
      'start',
      'arm-restart 2',
      'start',
      'arm-restart 3',
      'start',
      'finish a failed agent.crashed',
      'release',
    ],
    stage: 'over',
  },
  {
    name: 'a crash, and a connection that is gone by then',
    inputs: [
      commands([a]),
      { type: 'started' },
      accepted(a),
      handedOver(a),
      crash,
      due,
      { type: 'start-failed', failure: { code: 'connection.missing', facts: {} } },
    ],
    orders: ['start', 'accept a', 'prompt a', 'arm-restart 1', 'start', 'finish a failed connection.missing'],
    stage: 'finishing',
  },
  {
    name: 'prompts that crash their agent, one after the other: after the limit it waits for a person',
    inputs: [
      commands([a, b, c]),
      { type: 'started' },
      ...[a, b, c].flatMap((each) => [accepted(each), handedOver(each), crash, due, started, finished]),
      commands([d]),
      accepted(d),
      handedOver(d),
      crash,
      finished,
    ],
    orders: [
      'start',
      ...['a', 'b', 'c'].flatMap((each, at) => [
        `accept ${each}`,
        `prompt ${each}`,
        `arm-restart ${at + 1}`,
        'start',
        `finish ${each} interrupted agent.crashed`,
      ]),
      'arm-idle',
      'accept d',
      'prompt d',
      'finish d failed agent.crashed',
      'release',
    ],
    stage: 'over',
  },
  {
    name: 'an answer forgets the crashes before it',
    inputs: [
      commands([a]),
      { type: 'started' },
      accepted(a),
      handedOver(a),
      crash,
      due,
      { type: 'started' },
      finished,
      commands([b]),
      accepted(b),
      handedOver(b),
      answered(b),
      finished,
      commands([c]),
      accepted(c),
      handedOver(c),
      crash,
    ],
    orders: [
      'start',
      'accept a',
      'prompt a',
      'arm-restart 1',
      'start',
      'finish a interrupted agent.crashed',
      'arm-idle',
      'accept b',
      'prompt b',
      'finish b completed',
      'arm-idle',
      'accept c',
      'prompt c',
      'arm-restart 1',
    ],
    stage: 'recovering',
  },
  {
    name: 'a cancel while the agent comes back',
    inputs: [
      commands([a]),
      { type: 'started' },
      accepted(a),
      handedOver(a),
      crash,
      due,
      commands([], [a]),
      { type: 'start-aborted' },
      finished,
    ],
    orders: ['start', 'accept a', 'prompt a', 'arm-restart 1', 'start', 'abort-start', 'finish a cancelled', 'release'],
    stage: 'over',
  },
  {
    name: 'a cancel while it waits to come back',
    inputs: [commands([a]), { type: 'started' }, accepted(a), handedOver(a), crash, commands([], [a])],
    orders: ['start', 'accept a', 'prompt a', 'arm-restart 1', 'finish a cancelled'],
    stage: 'finishing',
  },
  {
    name: 'a shutdown while it waits to come back',
    inputs: [commands([a]), { type: 'started' }, accepted(a), handedOver(a), crash, { type: 'drain' }, finished],
    orders: ['start', 'accept a', 'prompt a', 'arm-restart 1', 'finish a interrupted', 'release'],
    stage: 'over',
  },
  {
    name: 'a start that fails and then does not',
    inputs: [commands([a]), notStarted, due, { type: 'started' }, accepted(a)],
    orders: ['start', 'arm-restart 1', 'start', 'accept a', 'prompt a'],
    stage: 'prompting',
  },
  {
    name: 'everything withdrawn while it waits to start again',
    inputs: [commands([a]), notStarted, commands([])],
    orders: ['start', 'arm-restart 1', 'release'],
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
