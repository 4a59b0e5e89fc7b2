import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChatId, NodeId } from '#core/ids.ts'
import type { Condition } from '#core/nodes/condition.ts'
import { isNeverLeft, LEAVE_TO_BETTER_MS, MOVE_AFTER_MS, place, type PlaceableNode, type WaitingChat } from '#core/nodes/placement.ts'

const node = (name: string, rest: Partial<PlaceableNode> = {}): PlaceableNode => ({
  nodeId: NodeId.parse(name),
  name,
  condition: 'ready',
  labels: [],
  capacity: 2,
  busy: 0,
  ...rest,
})
const chat = (number: number, rest: Partial<WaitingChat> = {}): WaitingChat => ({
  chatId: ChatId.parse(`0199aaaa-0000-7000-8000-${String(number).padStart(12, '0')}`),
  workspaceOn: null,
  needs: [],
  waitedMs: 0,
  holdsPlace: false,
  ...rest,
})
const a = NodeId.parse('a')
const b = NodeId.parse('b')
const only = (of: WaitingChat, nodes: PlaceableNode[], asking: NodeId | null = null) => place([of], nodes, asking).get(of.chatId)!
const conditions: Condition[] = [
  'ready',
  'full',
  'no-sandbox',
  'low-disk',
  'draining',
  'drained',
  'offline',
  'other-version',
  'foreign',
  'cloned',
  'keyless',
]
const full = { condition: 'full', busy: 2 } as const

describe('a chat without a workspace', () => {
  it('goes where there is least to do, for what there is to do it with', () => {
    expect(only(chat(1), [node('a', { busy: 1 }), node('b', { busy: 2, capacity: 8 })])).toMatchObject({ is: 'runs', on: b })
  })
  it('goes to whoever asks among equals, and after a moment to whoever asks at all', () => {
    const nodes = [node('a'), node('b', { busy: 1 })]
    expect(only(chat(1), [node('a'), node('b')], b)).toMatchObject({ on: b })
    expect(only(chat(1), nodes, b)).toMatchObject({ on: a })
    expect(only(chat(1, { waitedMs: LEAVE_TO_BETTER_MS }), nodes, b)).toMatchObject({ on: b })
  })
  it('is spread with others that wait', () => {
    const placed = place([chat(1), chat(2), chat(3), chat(4), chat(5)], [node('a'), node('b')])
    expect([...placed.values()].map((each) => (each.is === 'runs' ? each.on : each.reason))).toEqual([
      a,
      b,
      a,
      b,
      { is: 'full', position: 1 },
    ])
  })
  it('hears what its place in line is', () => {
    const placed = place([chat(1), chat(2), chat(3, { needs: ['gpu'] })], [node('a', full), node('b', { ...full, labels: ['gpu'] })])
    expect([...placed.values()]).toEqual([1, 2, 3].map((position) => ({ is: 'waits', reason: { is: 'full', position } })))
  })
  it('runs only where every label is, and says which it waits for', () => {
    const nodes = [node('a', { labels: ['gpu'] }), node('b', { labels: ['gpu', 'eu'], busy: 1 })]
    expect(only(chat(1, { needs: ['eu', 'gpu'] }), nodes)).toMatchObject({ on: b })
    expect(only(chat(1, { needs: ['arm'] }), nodes)).toEqual({ is: 'waits', reason: { is: 'no-label', labels: ['arm'] } })
  })
  it.each([
    ['offline', { is: 'no-node' }],
    ['foreign', { is: 'no-node' }],
    ['cloned', { is: 'no-node' }],
    ['keyless', { is: 'no-node' }],
    ['draining', { is: 'draining' }],
    ['drained', { is: 'draining' }],
    ['low-disk', { is: 'no-disk' }],
    ['no-sandbox', { is: 'no-sandbox' }],
  ] as const)('gets nothing of a node that is %s', (condition, reason) =>
    expect(only(chat(1), [node('a', { condition })])).toEqual({ is: 'waits', reason }),
  )
})

describe('a chat with a workspace', () => {
  const home = { workspaceOn: a }
  it('goes on there, also where others have less to do and new ones are not taken', () => {
    for (const condition of ['ready', 'low-disk', 'other-version'] as const)
      expect(only(chat(1, home), [node('a', { condition, busy: 1 }), node('b')], b)).toEqual({ is: 'runs', on: a, leaves: null })
  })
  it('waits for a full node for a while, and then goes on elsewhere', () => {
    const nodes = [node('a', full), node('b')]
    expect(only(chat(1, { ...home, waitedMs: 20_000 }), nodes)).toEqual({
      is: 'waits',
      reason: { is: 'workspace', node: 'a', because: 'full', position: 1, movesInMs: MOVE_AFTER_MS - 20_000 },
    })
    expect(only(chat(1, { ...home, waitedMs: MOVE_AFTER_MS }), nodes)).toEqual({ is: 'runs', on: b, leaves: a })
    expect(only(chat(1, { ...home, waitedMs: MOVE_AFTER_MS }), [node('a', full), node('b', full)])).toMatchObject({ is: 'waits' })
  })
  it('is not kept out by the place that it has there itself, and takes no other one', () => {
    const own = { ...home, holdsPlace: true, waitedMs: MOVE_AFTER_MS }
    expect(only(chat(1, own), [node('a', full), node('b')], b)).toEqual({ is: 'runs', on: a, leaves: null })
    expect([...place([chat(1, own), chat(2, own), chat(3, home)], [node('a', full)]).values()]).toMatchObject([
      { is: 'runs', on: a },
      { is: 'runs', on: a },
      { is: 'waits', reason: { because: 'full', position: 1 } },
    ])
    expect(only(chat(1, own), [node('a', { ...full, busy: 3 }), node('b')])).toEqual({ is: 'runs', on: b, leaves: a })
  })
  it.each(['draining', 'no-sandbox'] as const)('waits for one that is %s for as long', (condition) => {
    const nodes = [node('a', { condition }), node('b')]
    expect(only(chat(1, home), nodes)).toEqual({ is: 'waits', reason: { is: 'workspace', node: 'a', because: condition } })
    expect(only(chat(1, { ...home, waitedMs: MOVE_AFTER_MS }), nodes)).toEqual({ is: 'runs', on: b, leaves: a })
  })
  it('never leaves by itself what lies on a node that is away', () => {
    for (const [condition, because] of [
      ['offline', 'offline'],
      ['foreign', 'offline'],
      ['cloned', 'cut'],
      ['keyless', 'cut'],
    ] as const)
      expect(only(chat(1, { ...home, waitedMs: 10 * MOVE_AFTER_MS }), [node('a', { condition }), node('b')])).toEqual({
        is: 'waits',
        reason: { is: 'workspace', node: 'a', because },
      })
  })
  it('is known to stay by what its node is alone, which spares whoever looks for chats to serve', () => {
    for (const condition of conditions) {
      const placed = only(chat(1, { ...home, waitedMs: MOVE_AFTER_MS }), [node('a', { condition, busy: 2 }), node('b')])
      expect([condition, placed.is === 'waits']).toEqual([condition, isNeverLeft({ condition })])
    }
  })
  it('leaves a node at once that has not the labels any more', () => {
    expect(only(chat(1, { ...home, needs: ['eu'] }), [node('a'), node('b', { labels: ['eu'] })])).toEqual({ is: 'runs', on: b, leaves: a })
  })
  it('goes on anew where its node is removed', () => {
    expect(only(chat(1, home), [node('b')])).toEqual({ is: 'runs', on: b, leaves: null })
  })
})

describe('whatever waits, on whatever nodes', () => {
  const labels = fc.subarray(['gpu', 'eu', 'arm'])
  const names = ['a', 'b', 'c', 'd']
  const nodes = fc
    .array(fc.record({ condition: fc.constantFrom(...conditions), labels, capacity: fc.integer({ min: 1, max: 4 }), busy: fc.nat(5) }), {
      maxLength: 4,
    })
    .map((rows) => rows.map((row, at) => node(names[at]!, row)))
  const waiting = fc
    .array(
      fc.record({
        workspaceOn: fc.option(fc.constantFrom(...names.map((name) => NodeId.parse(name)))),
        needs: labels,
        waitedMs: fc.nat(200_000),
        holdsPlace: fc.boolean(),
      }),
      {
        maxLength: 12,
      },
    )
    .map((rows) => rows.map((row, at) => chat(at, row)))
  const asking = fc.option(fc.constantFrom(...names.map((name) => NodeId.parse(name))))
  const works = new Set<Condition>(['ready', 'full', 'low-disk', 'other-version'])

  it('places each once, never beyond a capacity, nowhere without its labels, and leaves no workspace early', () => {
    fc.assert(
      fc.property(waiting, nodes, asking, (chats, machines, who) => {
        const placed = place(chats, machines, who)
        expect([...placed.keys()]).toEqual(chats.map((each) => each.chatId))
        const given = new Map<NodeId, number>()
        for (const each of chats) {
          const placement = placed.get(each.chatId)!
          if (placement.is === 'waits') continue
          const on = machines.find((machine) => machine.nodeId === placement.on)!
          if (!each.holdsPlace || each.workspaceOn !== on.nodeId) given.set(on.nodeId, (given.get(on.nodeId) ?? 0) + 1)
          expect(works.has(on.condition)).toBe(true)
          expect(each.needs.every((label) => on.labels.includes(label))).toBe(true)
          if (on.condition === 'low-disk') expect(each.workspaceOn).toBe(on.nodeId)
          const home = machines.find((machine) => machine.nodeId === each.workspaceOn)
          expect(placement.leaves).toBe(home && home !== on ? home.nodeId : null)
          if (placement.leaves !== null && each.needs.every((label) => home!.labels.includes(label))) {
            expect(each.waitedMs).toBeGreaterThanOrEqual(MOVE_AFTER_MS)
            expect(['offline', 'foreign', 'cloned', 'keyless']).not.toContain(home!.condition)
          }
        }
        for (const machine of machines)
          expect(machine.busy + (given.get(machine.nodeId) ?? 0)).toBeLessThanOrEqual(Math.max(machine.capacity, machine.busy))
      }),
    )
  })

  it('lets no chat wait while whoever asks has room for it', () => {
    fc.assert(
      fc.property(waiting, nodes, (chats, machines) => {
        const patient = chats.map((each) => ({ ...each, workspaceOn: null, waitedMs: MOVE_AFTER_MS }))
        for (const who of machines.filter((machine) => machine.condition === 'ready')) {
          const placed = [...place(patient, machines, who.nodeId).entries()]
          const mine = placed.filter(([, placement]) => placement.is === 'runs' && placement.on === who.nodeId).length
          const room = Math.max(0, who.capacity - who.busy)
          const fitting = patient.filter((each) => each.needs.every((label) => who.labels.includes(label))).length
          // Whatever the others could have: a node that asks need not wait for them.
          expect(mine).toBe(Math.min(room, fitting))
        }
      }),
    )
  })

  it('counts a line without a gap: somebody is first wherever somebody waits for a place', () => {
    fc.assert(
      fc.property(waiting, nodes, (chats, machines) => {
        const positions = [...place(chats, machines).values()].flatMap((each) =>
          each.is === 'waits' && 'position' in each.reason ? [each.reason.position] : [],
        )
        if (positions.length > 0) expect(Math.min(...positions)).toBe(1)
        expect(Math.max(0, ...positions)).toBeLessThanOrEqual(positions.length)
      }),
    )
  })
})
