import { describe, expect, it } from 'vitest'
import type { ChatFact, DaemonFact } from '#core/chat/events.ts'
import { foldAll } from '#core/chat/fold.ts'
import { emptyChat } from '#core/chat/view.ts'
import { check, digestOf, PIPE_WORDS, rules, toEvent } from '#e2e/chaos/check.ts'
import type { ChatEvidence, Fault, LogRow } from '#e2e/chaos/evidence.ts'

const chatId = '01931b6e-7b1c-7000-8000-000000000001'
const turnId = '01931b6e-7b1c-7000-8000-0000000000aa'
const at = '2026-11-21T08:17:00.000Z'
const atMs = Date.parse(at)

const say = (offset: number, text: string): DaemonFact => ({ type: 'reply.appended', turnId, messageId: 'm', offset, text }) as DaemonFact
const requested = { type: 'turn.requested', turnId, by: 'ada', prompt: [{ type: 'text', text: 'stream' }] } as ChatFact
const accepted = { type: 'turn.accepted', turnId } as DaemonFact
const ended = { type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' } as DaemonFact
const interrupted = { type: 'turn.interrupted', turnId, reason: 'daemon-lost' } as ChatFact

/** Facts of the server are given as they are, those of a daemon with their epoch and number. */
const rowsOf = (facts: readonly (ChatFact | [epoch: number, pseq: number, fact: DaemonFact])[]): LogRow[] =>
  facts.map((each, index) => {
    const [epoch, pseq, fact] = Array.isArray(each) ? each : [null, null, each]
    return { seq: index + 1, seqFrom: index + 1, epoch, pseq, fact, at }
  })

/** One turn of three words, as it should be. */
function whole(
  facts: Parameters<typeof rowsOf>[0] = [requested, [1, 1, accepted], [1, 2, say(0, '0 ')], [1, 3, say(2, '1 2 ')], [1, 4, ended]],
): ChatEvidence {
  const log = rowsOf(facts)
  const shown = {
    logId: 1,
    seq: log.length,
    digest: digestOf(
      foldAll(
        emptyChat,
        log.map((row) => toEvent(chatId, row)),
      ),
    ),
  }
  const produced = log.flatMap(({ epoch, pseq, fact }) => (epoch === null ? [] : [{ epoch, pseq: pseq!, fact: fact as DaemonFact }]))
  return {
    chatId,
    node: 'node-1',
    log,
    firstSeen: log,
    head: { head: log.length, epoch: 1, pseq: produced.length, activeTurn: null, waitingFor: 0, queued: 0 },
    leases: [],
    orphans: [],
    outbox: produced,
    acknowledged: new Map([[1, produced.length]]),
    journal: new Map([[turnId, { begins: 1, said: 3, isFinished: true }]]),
    asked: [{ turnId, kind: 'stream', words: 3, isAcknowledged: true, isWithdrawn: false }],
    watchers: [{ name: 'watcher', isLive: true, last: shown, shown: [{ logId: 1, seq: 0, digest: digestOf(emptyChat) }, shown] }],
  }
}

const rulesBroken = (chat: ChatEvidence, faults: readonly Fault[] = []): string[] => [
  ...new Set(check({ chats: [chat], faults }).map(({ rule }) => rule)),
]
const fault = (kind: string, touches: readonly string[] = ['node-1']): Fault => ({ kind, touches, fromMs: atMs - 100, untilMs: atMs + 100 })

describe('a run that went well', () => {
  it('is not accused', () => expect(check({ chats: [whole()], faults: [] })).toEqual([]))

  it('may have merged rows, and sets what they say', () => {
    const before = whole()
    const merged: LogRow = { ...before.log[3]!, seqFrom: 3, pseq: 3, fact: say(0, '0 1 2 ') }
    expect(check({ chats: [{ ...before, log: [before.log[0]!, before.log[1]!, merged, before.log[4]!] }], faults: [] })).toEqual([])
  })

  it('may lose what stood in the pipe of a daemon that was killed', () => {
    const log = [requested, [1, 1, accepted], [1, 2, say(0, '0 ')], interrupted] satisfies Parameters<typeof rowsOf>[0]
    const lost = (said: number): ChatEvidence => ({
      ...whole(log),
      leases: [{ epoch: 1, finalPseq: 2 }],
      head: { ...whole(log).head, epoch: 2, pseq: 0 },
      journal: new Map([[turnId, { begins: 1, said, isFinished: false }]]),
    })
    expect(rulesBroken(lost(PIPE_WORDS), [fault('kill daemon')])).toEqual([])
    expect(rulesBroken(lost(PIPE_WORDS + 2), [fault('kill daemon')])).toEqual([
      'of what an agent said no more is lost than a dead pipe held',
    ])
    expect(rulesBroken(lost(3), [fault('freeze daemon beyond its lease')])).toEqual([
      'of what an agent said no more is lost than a dead pipe held',
    ])
  })
})

describe('the check notices', () => {
  const base = whole()
  const orphan = { epoch: 1, pseq: 5, fact: say(6, '3 ') }
  const cases: [what: string, rule: string, chat: ChatEvidence, faults?: Fault[]][] = [
    ['a hole in the log', 'seq is contiguous', { ...base, log: base.log.filter((row) => row.seq !== 3) }],
    ['a head that is ahead of the log', 'seq is contiguous', { ...base, head: { ...base.head, head: 6 } }],
    [
      'a row that was changed',
      'nothing that was seen changes',
      { ...base, log: base.log.with(2, { ...base.log[2]!, fact: say(0, '9 ') }) },
    ],
    [
      'a fact that is stored twice',
      'each producer number is stored once, in order',
      whole([requested, [1, 1, accepted], [1, 2, say(0, '0 ')], [1, 2, say(0, '0 ')], [1, 3, say(2, '1 2 ')], [1, 4, ended]]),
    ],
    [
      'facts after an epoch was closed',
      'each producer number is stored once, in order',
      { ...base, head: { ...base.head, epoch: 2, pseq: 0 }, leases: [{ epoch: 1, finalPseq: 3 }] },
    ],
    [
      'an epoch that comes back',
      'epochs never go back',
      whole([requested, [1, 1, accepted], [2, 1, say(0, '0 ')], [1, 2, say(2, '1 2 ')], [2, 2, ended]]),
    ],
    [
      'a record that is nowhere',
      'a record of an outbox is in the log or beside it, and not in both',
      { ...base, outbox: [...base.outbox, orphan] },
    ],
    [
      'a record that is in both',
      'a record of an outbox is in the log or beside it, and not in both',
      { ...base, orphans: [base.outbox[2]!] },
    ],
    [
      'a record that became another',
      'a record of an outbox is in the log or beside it, and not in both',
      { ...base, outbox: base.outbox.with(1, { ...base.outbox[1]!, fact: say(0, '7 ') }) },
    ],
    [
      'a confirmed prompt that is gone',
      'a prompt that was confirmed is in the log, once',
      { ...base, asked: [...base.asked, { ...base.asked[0]!, turnId: 'another' }] },
    ],
    [
      'a prompt that came twice',
      'a prompt reaches an agent once at most, and only after the log holds that it was taken',
      { ...base, journal: new Map([[turnId, { begins: 2, said: 3, isFinished: true }]]) },
    ],
    [
      'a prompt that was handed over before it was taken',
      'a prompt reaches an agent once at most, and only after the log holds that it was taken',
      whole([requested, [1, 1, say(0, '0 1 2 ')], [1, 2, ended]]),
    ],
    [
      'a withdrawn prompt that ran',
      'what was withdrawn never reaches an agent',
      { ...base, asked: [{ ...base.asked[0]!, isWithdrawn: true }] },
    ],
    [
      'a turn that never ends',
      'every turn ends, once, and nothing follows',
      whole([requested, [1, 1, accepted], [1, 2, say(0, '0 1 2 ')]]),
    ],
    [
      'a turn that ends twice',
      'every turn ends, once, and nothing follows',
      whole([requested, [1, 1, accepted], [1, 2, say(0, '0 1 2 ')], [1, 3, ended], interrupted]),
    ],
    [
      'words after the end',
      'every turn ends, once, and nothing follows',
      whole([requested, [1, 1, accepted], [1, 2, say(0, '0 1 ')], [1, 3, ended], [1, 4, say(4, '2 ')]]),
    ],
    ['a head that works for ever', 'nothing works for ever', { ...base, head: { ...base.head, activeTurn: turnId } }],
    ['a prompt that nobody takes', 'nothing works for ever', { ...base, head: { ...base.head, queued: 1 } }],
    [
      'an interruption without a cause',
      'an interrupted or failed turn has a cause',
      whole([requested, [1, 1, accepted], [1, 2, say(0, '0 1 2 ')], interrupted]),
    ],
    [
      'an interruption whose cause was elsewhere',
      'an interrupted or failed turn has a cause',
      whole([requested, [1, 1, accepted], [1, 2, say(0, '0 1 2 ')], interrupted]),
      [fault('kill daemon', ['node-2'])],
    ],
    [
      'a word that is shown twice',
      'of what an agent said no more is lost than a dead pipe held',
      whole([requested, [1, 1, accepted], [1, 2, say(0, '0 ')], [1, 3, say(2, '0 1 2 ')], [1, 4, ended]]),
    ],
    [
      'a completed turn that lacks words',
      'of what an agent said no more is lost than a dead pipe held',
      whole([requested, [1, 1, accepted], [1, 2, say(0, '0 1 ')], [1, 3, ended]]),
    ],
    [
      'a watcher that is behind',
      'every watcher shows what the log says',
      { ...base, watchers: [{ ...base.watchers[0]!, last: base.watchers[0]!.shown[0]! }] },
    ],
    [
      'a watcher that shows something else',
      'every watcher shows what the log says',
      { ...base, watchers: [{ ...base.watchers[0]!, last: { logId: 1, seq: 5, digest: 'else' } }] },
    ],
    [
      'a watcher that went back',
      'every watcher shows what the log says',
      { ...base, watchers: [{ ...base.watchers[0]!, shown: base.watchers[0]!.shown.toReversed() }] },
    ],
    [
      'a watcher that follows no more',
      'every watcher shows what the log says',
      { ...base, watchers: [{ ...base.watchers[0]!, isLive: false }] },
    ],
  ]
  it.each(cases)('%s', (_, rule, chat, faults = []) => expect(rulesBroken(chat, faults)).toContain(rule))

  it('under every one of its rules', () => {
    expect(new Set(cases.map(([, rule]) => rule))).toEqual(new Set(Object.keys(rules)))
  })
})
