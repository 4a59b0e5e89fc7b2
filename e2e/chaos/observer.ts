/**
 * Reads the log straight from the database while a run goes on: each row as it first was, and for the people of the
 * run, what has become of their prompts. A database that is away is asked again.
 */
import pg from 'pg'
import type { ChatFact } from '#core/chat/events.ts'
import type { LogRow } from '#e2e/chaos/evidence.ts'

const EVERY_MS = 100
/** What is folded away in the meantime is only what was seen: `edits.ts`. */
const SEEN = 'insert into chaos_seen values ($1, $2) on conflict ("chatId") do update set seq = excluded.seq'

export class Observer {
  readonly #pool: pg.Pool
  readonly #rows = new Map<string, LogRow[]>()
  readonly #timer: NodeJS.Timeout
  #isReading = false

  static async open(url: string, chats: readonly string[]): Promise<Observer> {
    const pool = openPool(url)
    await pool.query('create table chaos_seen ("chatId" uuid primary key, seq bigint not null)')
    return new Observer(pool, chats)
  }

  private constructor(pool: pg.Pool, chats: readonly string[]) {
    this.#pool = pool
    for (const chatId of chats) this.#rows.set(chatId, [])
    this.#timer = setInterval(() => void this.read().catch(() => {}), EVERY_MS)
  }

  rowsOf(chatId: string): readonly LogRow[] {
    return this.#rows.get(chatId) ?? []
  }
  find<T extends ChatFact['type']>(
    chatId: string,
    type: T,
    fits: (fact: Extract<ChatFact, { type: T }>) => boolean,
  ): Extract<ChatFact, { type: T }> | undefined {
    const found = this.rowsOf(chatId).find(({ fact }) => fact.type === type && fits(fact as Extract<ChatFact, { type: T }>))
    return found?.fact as Extract<ChatFact, { type: T }> | undefined
  }
  hasEnded(chatId: string, turnId: string): boolean {
    return this.rowsOf(chatId).some(
      ({ fact }) =>
        (fact.type === 'turn.ended' || fact.type === 'turn.interrupted' || fact.type === 'turn.withdrawn') && fact.turnId === turnId,
    )
  }

  async read(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    try {
      for (const [chatId, rows] of this.#rows) {
        const read = await readLog(this.#pool, chatId, rows.at(-1)?.seq ?? 0)
        if (read.length === 0) continue
        rows.push(...read)
        await this.#pool.query(SEEN, [chatId, rows.at(-1)!.seq])
      }
    } finally {
      this.#isReading = false
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#pool.end()
  }
}

export function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: 2, connectionTimeoutMillis: 3_000 })
  pool.on('error', () => {})
  pool.on('connect', (client) => void client.on('error', () => {}))
  return pool
}

export async function readLog(pool: pg.Pool, chatId: string, afterSeq = 0): Promise<LogRow[]> {
  const { rows } = await pool.query(
    'select seq, "seqFrom", epoch, pseq, type, payload, at from chat_event where "chatId" = $1 and seq > $2 order by seq',
    [chatId, afterSeq],
  )
  return rows.map(({ seq, seqFrom, epoch, pseq, type, payload, at }) => ({
    seq: Number(seq),
    seqFrom: Number(seqFrom),
    epoch,
    pseq: pseq === null ? null : Number(pseq),
    fact: { ...payload, type } as ChatFact,
    at: at.toISOString(),
  }))
}
