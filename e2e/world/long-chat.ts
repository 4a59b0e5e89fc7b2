/** A long chat as its log would be after weeks of work, loaded into a world's database at once. */
import type { ChatEvent, ChatFact } from '#core/chat/events.ts'
import type { ChatId } from '#core/ids.ts'
import { loadLog } from '#server/chats/testing-log.ts'
import type { PoolClient } from '#server/db/client.ts'

type Loose = { type: ChatFact['type'] } & Record<string, unknown>

const TURN_ITEMS = 40
/** In the middle of a turn: two calls, a thought, and what is made of them. */
const kinds = ['thought', 'execute', 'read', 'reply', 'edit', 'execute', 'read', 'reply'] as const

const uuid = (group: number, n: number): string => `00000000-0000-7000-${8000 + group}-${String(n).padStart(12, '0')}`
export const longTurnId = (turn: number): string => uuid(1, turn)
/** Of the reply at the end of a turn. */
export const lastMessageOf = (turn: number): string => `m-${turn}-${TURN_ITEMS - 1}`
/** What that reply says, as no other does. */
export const lastWordsOf = (turn: number): string => `The parser of step ${turn} is done.`

type Length = { items: number; /** Of the JSON of the whole log, about. */ bytes: number }

/** Turns of prompts, thoughts, replies in Markdown, calls with outputs and changes; all of them over. */
export function* longLog({ by, items, bytes }: Length & { by: string }): Generator<ChatEvent> {
  let seq = 0
  const stamp = (fact: Loose): ChatEvent => {
    seq += 1
    return { ...fact, seq, seqFrom: seq, at: new Date(Date.UTC(2026, 9, 1) + seq * 2_000).toISOString() } as unknown as ChatEvent
  }
  const turns = Math.ceil(items / TURN_ITEMS)
  // Two calls of eight items print; the rest of a log is small beside them.
  const outputChars = Math.max(200, Math.round((bytes - items * 700) / (items * 0.5)))
  for (let turn = 0; turn < turns; turn += 1) {
    const turnId = longTurnId(turn)
    yield stamp({ type: 'turn.requested', turnId, by, prompt: [{ type: 'text', text: `Please take step ${turn} of the plan.` }] })
    yield stamp({ type: 'turn.accepted', turnId })
    for (let item = 0; item < TURN_ITEMS; item += 1) {
      const kind = item === TURN_ITEMS - 1 ? 'reply' : kinds[item % kinds.length]!
      for (const fact of factsOf({ kind, turnId, turn, item, outputChars })) yield stamp(fact)
    }
    yield stamp({ type: 'turn.ended', turnId, outcome: 'completed', stopReason: 'end_turn' })
  }
}

type Item = { kind: (typeof kinds)[number]; turnId: string; turn: number; item: number; outputChars: number }

function factsOf({ kind, turnId, turn, item, outputChars }: Item): Loose[] {
  const messageId = `m-${turn}-${item}`
  const toolCallId = `call-${turn}-${item}`
  const path = `src/step-${turn}/part-${item}.ts`
  const call = { type: 'tool.called', turnId, toolCallId, status: 'in_progress', content: [], locations: [] } as const
  const done = { type: 'tool.updated', turnId, toolCallId, status: 'completed' } as const
  switch (kind) {
    case 'thought':
      return [
        { type: 'thought.appended', turnId, messageId, offset: 0, text: `Part ${item} of step ${turn} needs a look at the tests first.` },
      ]
    case 'reply':
      return [{ type: 'reply.appended', turnId, messageId, offset: 0, text: replyOf(turn, item) }]
    case 'execute':
      return [
        { ...call, title: `npm test -- ${path}`, kind, input: { command: `npm test -- ${path}` } },
        { ...done, content: [{ type: 'text', text: outputOf(turn, item, outputChars) }], output: { exit_code: 0 } },
      ]
    case 'read':
      return [
        { ...call, title: `Read ${path}`, kind, locations: [{ path }] },
        { ...done, content: [{ type: 'text', text: outputOf(turn, item, outputChars) }] },
      ]
    case 'edit':
      return [
        { ...call, title: `Edit ${path}`, kind, locations: [{ path }] },
        {
          ...done,
          content: [
            {
              type: 'diff',
              path,
              oldText: `export const part = ${item}\n`,
              newText: `export const part = ${item + 1}\nexport const step = ${turn}\n`,
            },
          ],
        },
      ]
  }
}

const replyOf = (turn: number, item: number): string =>
  item === TURN_ITEMS - 1
    ? `${lastWordsOf(turn)}\n\n- the tests pass\n- the **types** hold\n\n\`\`\`ts\nexport const step = ${turn}\n\`\`\`\n`
    : `Part ${item} of step ${turn} reads its input twice. I change that, and look at \`part-${item}.ts\` again.`

function outputOf(turn: number, item: number, chars: number): string {
  const line = `step ${turn} part ${item}: ok, 12 assertions, nothing left over\n`
  return line.repeat(Math.ceil(chars / line.length))
}

const EVENTS_AT_ONCE = 4_000

/** Into an empty chat, whose log holds nothing but its creation. Resolves to how many events that were, and their bytes. */
export async function loadLongChat(
  client: Pick<PoolClient, 'query'>,
  chatId: string,
  length: Length & { by: string },
): Promise<{ events: number; bytes: number }> {
  const { rows } = await client.query('select head from chat_head where "chatId" = $1', [chatId])
  const head = Number(rows[0].head)
  let bytes = 0
  let events = 0
  let page: ChatEvent[] = []
  const flush = async (): Promise<void> => {
    await loadLog(chatId as ChatId, page, client)
    page = []
  }
  for (const event of longLog(length)) {
    events += 1
    bytes += JSON.stringify(event).length
    page.push({ ...event, seq: event.seq + head, seqFrom: event.seqFrom + head })
    if (page.length === EVENTS_AT_ONCE) await flush()
  }
  if (page.length > 0) await flush()
  return { events, bytes }
}
