/**
 * The invariants of the log under everything that can go wrong between daemons and server: lost
 * acknowledgements, takeovers, zombies, crashes, people who change their minds. Two daemons with real
 * outboxes' behaviour act in an order that fast-check invents; a failure prints the seed and shrinks.
 */
import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import type { ChatId, NodeId, TurnId, UserId } from '#core/ids.ts'
import type { AppendReply, OutboxFact } from '#core/links/daemon.ts'
import { DomainError } from '#core/errors.ts'
import { carryOut } from '#server/chats/commit.ts'
import { ingest, salvage } from '#server/daemons/ingest.ts'
import { claim, release } from '#server/daemons/lease.ts'
import { pool } from '#server/db/client.ts'
import { seedChat, seedTeamScope } from '#server/db/testing.ts'

/** One epoch of one daemon: what it wrote, what it knows to be stored, what it handed to its agent. */
type Epoch = {
  epoch: number
  written: OutboxFact[]
  acknowledged: number
  isFenced: boolean
  running: TurnId | null
  accepting: TurnId | null
  waiting: TurnId[]
}

class SimulatedDaemon {
  readonly nodeId: NodeId
  readonly epochs: Epoch[] = []
  readonly handed: TurnId[] = []
  readonly #chatId: ChatId

  constructor(nodeId: string, chatId: ChatId) {
    this.nodeId = nodeId as NodeId
    this.#chatId = chatId
  }

  get current(): Epoch | undefined {
    return this.epochs.at(-1)
  }

  /** As a daemon does: it claims only when its outbox is empty, since its own claim would fence what it still holds. */
  async claim(): Promise<void> {
    if (this.epochs.some((each) => !each.isFenced && each.acknowledged < each.written.length)) return
    const lease = (await claim(this.nodeId, 1)).find((each) => each.chatId === this.#chatId)
    if (!lease) return
    const waiting = lease.commands.flatMap((command) => (command.kind === 'prompt' ? [command.turnId] : []))
    this.epochs.push({ epoch: lease.epoch, written: [], acknowledged: 0, isFenced: false, running: null, accepting: null, waiting })
  }

  /** The agent goes on talking, also after its daemon has lost the lease without knowing. */
  write(fact: 'accept' | 'text' | 'end'): void {
    const { current } = this
    if (!current || current.isFenced) return
    if (fact === 'accept') {
      const turnId = current.running || current.accepting ? undefined : current.waiting.shift()
      if (turnId) {
        current.accepting = turnId
        this.#put({ type: 'turn.accepted', turnId })
      }
    } else if (current.running) {
      const turnId = current.running
      this.#put(
        fact === 'text'
          ? { type: 'reply.appended', turnId, messageId: 'm' as never, offset: current.written.length, text: 'x' }
          : { type: 'turn.ended', turnId, outcome: 'completed', stopReason: null },
      )
      if (fact === 'end') current.running = null
    }
  }

  #put(fact: DaemonFact): void {
    this.current!.written.push({ pseq: this.current!.written.length + 1, fact })
  }

  /** Sends from anywhere at or before what is not acknowledged; the acknowledgement may be lost on its way. */
  async deliver({ isAckLost, overlap }: { isAckLost: boolean; overlap: number }): Promise<void> {
    for (const each of this.epochs) {
      const facts = each.written.slice(Math.max(0, each.acknowledged - overlap))
      if (each.isFenced || facts.length === 0) continue
      const reply = await ingest({ nodeId: this.nodeId, chatId: this.#chatId, epoch: each.epoch, facts })
      if (!isAckLost) await this.#hear(each, reply)
    }
  }

  async #hear(each: Epoch, reply: AppendReply): Promise<void> {
    if (reply.is === 'acknowledged') {
      const known = each.written.slice(0, each.acknowledged).map(({ fact }) => fact)
      each.acknowledged = Math.max(each.acknowledged, reply.pseq)
      for (const { turnId, prompt } of reply.accepted ?? []) {
        if (each.accepting === turnId) each.accepting = null
        // An acknowledgement that repeats what was known before hands nothing over again.
        if (prompt === null || known.some((fact) => fact.type === 'turn.accepted' && fact.turnId === turnId)) continue
        this.handed.push(turnId)
        each.running = turnId
      }
    } else if (reply.is === 'fenced') {
      each.isFenced = true
      const rest = each.written.filter(({ pseq }) => pseq > reply.finalPseq)
      if (rest.length > 0) await salvage({ nodeId: this.nodeId, chatId: this.#chatId, epoch: each.epoch, facts: rest })
    } else throw new Error(`unexpected ${reply.is}`)
  }

  /** Everything it holds reaches the server one way or the other. */
  async drain(): Promise<void> {
    while (this.epochs.some((each) => !each.isFenced && each.acknowledged < each.written.length)) {
      await this.deliver({ isAckLost: false, overlap: 0 })
    }
  }
}

type Step =
  | { do: 'send' | 'expire' | 'edit' | 'withdraw' | 'cancel'; pick: number }
  | { do: 'claim' | 'release' | 'takeover'; who: 0 | 1 }
  | { do: 'accept' | 'text' | 'end'; who: 0 | 1 }
  | { do: 'deliver'; who: 0 | 1; isAckLost: boolean; overlap: number }

const who = fc.constantFrom<0 | 1>(0, 1)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('send' as const, 'expire', 'edit', 'withdraw', 'cancel'), pick: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('claim' as const, 'release', 'takeover', 'takeover'), who }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('accept' as const, 'text', 'end'), who }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('deliver' as const), who, isAckLost: fc.boolean(), overlap: fc.nat(3) }) },
)

async function play(steps: readonly Step[]): Promise<void> {
  const scope = await seedTeamScope()
  const chatId = await seedChat(scope)
  for (const id of [`a-${chatId}`, `b-${chatId}`]) {
    await pool().query('insert into node (id, name, "publicKey") values ($1, $1, $2)', [id, Buffer.from(id)])
  }
  const daemons = [new SimulatedDaemon(`a-${chatId}`, chatId), new SimulatedDaemon(`b-${chatId}`, chatId)] as const
  const sent: TurnId[] = []
  const prompt = [{ type: 'text' as const, text: 'do it' }]
  const person = { chatId, isMaintainer: false }
  const by: UserId = scope.userId
  const send = async () => {
    sent.push(randomUUID() as TurnId)
    await carryOut(person, { do: 'sendPrompt', by, turnId: sent.at(-1)!, prompt })
  }
  /** Time passes, and the workspace may be built anew elsewhere. */
  const expire = async () => {
    await pool().query(`update chat_head set "leaseUntil" = now() - interval '1 second' where "chatId" = $1`, [chatId])
    await pool().query('update chat set "nodeId" = null where id = $1', [chatId])
  }
  const mayRefuse = (error: unknown) => expect(error).toBeInstanceOf(DomainError)

  for (const each of steps) {
    if ('who' in each) {
      const daemon = daemons[each.who]
      if (each.do === 'claim') await daemon.claim()
      else if (each.do === 'takeover') {
        await send()
        await expire()
        await daemon.claim()
      } else if (each.do === 'deliver') await daemon.deliver(each)
      else if (each.do !== 'release') daemon.write(each.do)
      else if (daemon.current && !daemon.current.isFenced) await release(daemon.nodeId, { chatId, epoch: daemon.current.epoch })
    } else if (each.do === 'send') await send()
    else if (each.do === 'expire') await expire()
    else if (sent.length > 0) {
      // One of the newest: those are the ones about which daemon and people may disagree.
      const turnId = sent.at(-1 - (each.pick % Math.min(3, sent.length)))!
      if (each.do === 'edit')
        await carryOut(person, { do: 'editQueued', by, turnId, prompt: [{ type: 'text', text: 'edited' }] }).catch(mayRefuse)
      else await carryOut(person, { do: each.do === 'cancel' ? 'cancelTurn' : 'withdraw', by, turnId }).catch(mayRefuse)
    }
  }
  for (const daemon of daemons) await daemon.drain()
  await check(chatId, daemons, sent)
  met.prompts += daemons.flatMap((daemon) => daemon.handed).length
  met.fences += daemons.flatMap(({ epochs }) => epochs.filter((each) => each.isFenced)).length
  // What this play leaves waiting is not the next one's to claim.
  await pool().query('delete from command where "chatId" = $1', [chatId])
}

/** A run in which nothing happened would prove nothing. */
const met = { prompts: 0, fences: 0 }

async function check(chatId: ChatId, daemons: readonly SimulatedDaemon[], sent: readonly TurnId[]): Promise<void> {
  const log = (
    await pool().query(
      'select seq::int, "seqFrom"::int, epoch, pseq::int, type, payload from chat_event where "chatId" = $1 order by seq',
      [chatId],
    )
  ).rows
  const { rows: heads } = await pool().query('select head::int, epoch, "activeTurn" from chat_head where "chatId" = $1', [chatId])
  const { rows: orphans } = await pool().query('select epoch, pseq::int from orphan_event where "chatId" = $1', [chatId])
  const { rows: commands } = await pool().query('select id, state from command where "chatId" = $1 and kind = $2', [chatId, 'prompt'])

  // I1: the ranges tile 1…head.
  expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: heads[0].head }, (_, at) => at + 1))
  // I2 and I4: within an epoch the producer's numbers are 1…final, and epochs never go back.
  const produced = log.filter(({ pseq }) => pseq !== null)
  for (const [, facts] of Map.groupBy(produced, ({ epoch }) => epoch as number)) {
    expect(facts.map(({ pseq }) => pseq)).toEqual(facts.map((_, at) => at + 1))
  }
  expect(produced.map(({ epoch }) => epoch)).toEqual(produced.map(({ epoch }) => epoch).toSorted((one, other) => one - other))
  // I5: every record of an outbox is in the log or beside it, in one of them.
  const key = ({ epoch, pseq }: { epoch: number; pseq: number }) => `${epoch}/${pseq}`
  const written = daemons.flatMap(({ epochs }) =>
    epochs.flatMap((each) => each.written.map(({ pseq }) => key({ epoch: each.epoch, pseq }))),
  )
  expect([...produced.map(key), ...orphans.map(key)].toSorted()).toEqual(written.toSorted())
  // I8: a prompt reaches an agent at most once, and every prompt is in exactly one state.
  const handed = daemons.flatMap((daemon) => daemon.handed)
  expect(new Set(handed).size).toBe(handed.length)
  for (const { type, epoch, payload } of log) {
    // Withdrawn by a person, or ended by one before any agent saw it.
    if (type === 'turn.withdrawn' || (type === 'turn.ended' && epoch === null)) expect(handed).not.toContain(payload.turnId)
  }
  expect(new Set(commands.map(({ id }) => id))).toEqual(new Set(sent))
  const over = (turnId: string, type: string) => log.some((row) => row.type === type && row.payload.turnId === turnId)
  for (const { id, state } of commands) {
    if (state === 'withdrawn') expect(handed).not.toContain(id)
    if (state === 'queued') expect(handed).not.toContain(id)
    if (state === 'accepted') expect(heads[0].activeTurn).toBe(id)
    if (state === 'done') expect(over(id, 'turn.ended') || over(id, 'turn.interrupted')).toBe(true)
  }
}

it('holds its invariants whatever happens between daemons and server', async () => {
  const numRuns = Number(process.env['GATEHOUSE_PROPERTY_RUNS'] ?? 40)
  const property = fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
    await play([{ do: 'send', pick: 0 }, { do: 'claim', who: 0 }, ...steps])
  })
  await fc.assert(property, { numRuns })
  expect(met.prompts).toBeGreaterThan(numRuns / 4)
  expect(met.fences).toBeGreaterThan(numRuns / 4)
}, 300_000)
