import { randomUUID } from 'node:crypto'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import { ChatId, TurnId } from '#core/ids.ts'
import type { AppendReply, CallRequest } from '#core/links/daemon.ts'
import { deliver } from '#agent/delivery.ts'
import { openOutbox, outboxesIn } from '#agent/outbox.ts'
import { messageIdOf } from '#agent/acp/translate.ts'
import type { Call } from '#agent/uplink.ts'

const turnId = TurnId.parse('0199aaaa-0000-7000-8000-000000000001')
let root: string
let chatId: ChatId
const fileOf = (): string => join(root, `${chatId}.jsonl`)
const said = (text: string): DaemonFact => ({ type: 'reply.appended', turnId, messageId: messageIdOf('m'), offset: 0, text })

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-outbox-'))
  chatId = ChatId.parse(randomUUID())
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('the file', () => {
  it('gives back after a crash what was put and not acknowledged, under its old epoch', () => {
    const first = openOutbox(root, chatId)
    first.begin(3)
    expect(['a', 'b', 'c'].map((text) => first.put(said(text)))).toEqual([1, 2, 3])
    first.acknowledge(3, 2)
    // No close: the process was killed.
    const second = openOutbox(root, chatId)
    expect(second.next()).toEqual({ epoch: 3, facts: [{ pseq: 3, fact: said('c') }] })
    second.begin(4)
    expect(second.put(said('d'))).toBe(1)
    expect(second.next()?.epoch).toBe(3)
    second.acknowledge(3, 3)
    expect(second.next()).toEqual({ epoch: 4, facts: [{ pseq: 1, fact: said('d') }] })
    expect(outboxesIn(root)).toEqual([chatId])
    second.acknowledge(4, 1)
    second.close()
    expect(existsSync(fileOf())).toBe(false)
  })

  it.each([1, 10, 40])('cuts a last line that is torn by %i bytes, and writes on cleanly', (torn) => {
    const first = openOutbox(root, chatId)
    first.begin(1)
    first.put(said('whole'))
    first.put(said('torn'))
    truncateSync(fileOf(), statSync(fileOf()).size - torn)
    const second = openOutbox(root, chatId)
    expect(second.next()?.facts.map((each) => each.pseq)).toEqual([1])
    second.begin(1)
    expect(second.put(said('again'))).toBe(2)
    expect(
      openOutbox(root, chatId)
        .next()
        ?.facts.map((each) => each.fact),
    ).toEqual([said('whole'), said('again')])
  })

  it('knows how much waits: what was found, put and acknowledged', () => {
    const first = openOutbox(root, chatId)
    first.begin(1)
    const bytes = ['a', 'bb', 'ccc'].map((text) => {
      first.put(said(text))
      return JSON.stringify(said(text)).length
    })
    expect(first.waitingBytes()).toBe(bytes[0]! + bytes[1]! + bytes[2]!)
    first.acknowledge(1, 1)
    expect(first.waitingBytes()).toBe(bytes[1]! + bytes[2]!)
    first.acknowledge(1, 1)
    const second = openOutbox(root, chatId)
    expect(second.waitingBytes()).toBe(bytes[1]! + bytes[2]!)
    second.begin(2)
    second.put(said('a'))
    expect(second.waitingBytes()).toBe(bytes[0]! + bytes[1]! + bytes[2]!)
    second.acknowledge(1, 3)
    second.acknowledge(2, 1)
    expect(second.waitingBytes()).toBe(0)
  })

  it('passes over a line that no version of us wrote', () => {
    const first = openOutbox(root, chatId)
    first.begin(1)
    first.put(said('a'))
    appendFileSync(fileOf(), '{"what":"ever"}\nnot json\n')
    first.put(said('b'))
    expect(
      openOutbox(root, chatId)
        .next()
        ?.facts.map((each) => each.pseq),
    ).toEqual([1, 2])
  })

  it('starts the file anew when everything large was acknowledged', () => {
    const outbox = openOutbox(root, chatId)
    outbox.begin(1)
    for (let at = 0; at < 40; at += 1) outbox.put(said('x'.repeat(50_000)))
    expect(statSync(fileOf()).size).toBeGreaterThan(1_900_000)
    outbox.acknowledge(1, 40)
    expect(statSync(fileOf()).size).toBeLessThan(1_000)
    expect(outbox.put(said('y'))).toBe(41)
  })

  it('keeps an append within its limits', () => {
    const outbox = openOutbox(root, chatId)
    outbox.begin(1)
    for (let at = 0; at < 700; at += 1) outbox.put(said('x'))
    expect(outbox.next()?.facts).toHaveLength(500)
    const large = openOutbox(root, ChatId.parse(randomUUID()))
    large.begin(1)
    for (let at = 0; at < 30; at += 1) large.put(said('x'.repeat(100_000)))
    expect(JSON.stringify(large.next()?.facts).length).toBeLessThan(1_000_000)
  })
})

describe('delivery', () => {
  type Reply = AppendReply | Error
  function serve(replies: (request: CallRequest<'append'>) => Reply) {
    const asked: [string, number, number[]][] = []
    const call = (async (name: string, request: CallRequest<'append'>) => {
      asked.push([name, request.epoch, request.facts.map((each) => each.pseq)])
      if (name === 'salvage') return {}
      const reply = replies(request)
      if (reply instanceof Error) throw reply
      return reply
    }) as unknown as Call
    return { call, asked }
  }
  const ears = () => {
    const heard: unknown[] = []
    return { heard, onAccepted: (each: unknown) => heard.push(each), onFenced: (epoch: number) => heard.push({ fenced: epoch }) }
  }
  const all = ({ facts }: CallRequest<'append'>): AppendReply => ({ is: 'acknowledged', pseq: facts.at(-1)!.pseq })

  it('sends again after a failure and after "retry", and forgets only what was acknowledged', async () => {
    const outbox = openOutbox(root, chatId)
    outbox.begin(1)
    const answers: Reply[] = [new Error('lost'), { is: 'retry', afterMs: 1 }]
    const { call, asked } = serve((request) => answers.shift() ?? all(request))
    const delivery = deliver(outbox, call, ears())
    outbox.put(said('a'))
    delivery.kick()
    await delivery.drained()
    expect(asked).toEqual([
      ['append', 1, [1]],
      ['append', 1, [1]],
      ['append', 1, [1]],
    ])
    expect(outbox.next()).toBeNull()
  })

  it('passes accepted prompts on', async () => {
    const outbox = openOutbox(root, chatId)
    outbox.begin(1)
    const accepted = { turnId, prompt: [{ type: 'text' as const, text: 'edited' }], model: null }
    const { call } = serve(() => ({ is: 'acknowledged', pseq: 1, accepted: [accepted] }))
    const heard = ears()
    const delivery = deliver(outbox, call, heard)
    outbox.put({ type: 'turn.accepted', turnId })
    delivery.kick()
    await delivery.drained()
    expect(heard.heard).toEqual([accepted])
  })

  it('believes the server when it has more than we thought', async () => {
    const outbox = openOutbox(root, chatId)
    outbox.begin(1)
    for (const text of ['a', 'b', 'c']) outbox.put(said(text))
    let isFirst = true
    const { call, asked } = serve((request) => {
      if (!isFirst) return all(request)
      isFirst = false
      return { is: 'expected', pseq: 3 }
    })
    const delivery = deliver(outbox, call, ears())
    delivery.kick()
    await delivery.drained()
    expect(asked.map(([, , pseqs]) => pseqs)).toEqual([[1, 2, 3], [3]])
  })

  it('salvages what a fenced epoch still held, and only what the log does not have', async () => {
    const outbox = openOutbox(root, chatId)
    outbox.begin(1)
    for (const text of ['a', 'b', 'c']) outbox.put(said(text))
    const { call, asked } = serve(() => ({ is: 'fenced', epoch: 2, finalPseq: 1 }))
    const heard = ears()
    const delivery = deliver(outbox, call, heard)
    delivery.kick()
    await delivery.drained()
    expect(heard.heard).toEqual([{ fenced: 1 }])
    expect(asked).toEqual([
      ['append', 1, [1, 2, 3]],
      ['salvage', 1, [2, 3]],
    ])
    expect(readFileSync(fileOf(), 'utf8')).toContain('"acknowledged"')
    expect(outbox.next()).toBeNull()
  })
})
