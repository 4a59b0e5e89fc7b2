/**
 * Chaos runs the product's own source, with some lines changed as they are loaded (`preload.ts`): times are shorter,
 * evidence is kept, answers get lost, and in a mutation one rule of the protocol is missing. So the product holds no
 * fail point that could ever be reached in production. Text that is not found exactly once stops the process, and a
 * test beside this file finds that out first.
 */
export type Edit = { file: string; find: string; put: string }

/** A lost lease costs seconds instead of a minute; a dead line is noticed as soon. */
const quick: readonly Edit[] = [
  { file: 'core/links/daemon.ts', find: 'LEASE_TTL_MS = 15_000', put: 'LEASE_TTL_MS = 5_000' },
  { file: 'core/links/browser.ts', find: 'HEARTBEAT_EVERY_MS = 10_000', put: 'HEARTBEAT_EVERY_MS = 2_000' },
  { file: 'server/daemons/dispatch.ts', find: 'SILENCE_GRACE_MS = 45_000', put: 'SILENCE_GRACE_MS = 3_000' },
  { file: 'server/daemons/dispatch.ts', find: 'SWEEP_EVERY_MS = 2_000', put: 'SWEEP_EVERY_MS = 500' },
  { file: 'server/realtime/socket-options.ts', find: 'pingInterval: 10_000', put: 'pingInterval: 2_000' },
  { file: 'server/realtime/socket-options.ts', find: 'pingTimeout: 10_000', put: 'pingTimeout: 2_000' },
  { file: 'server/realtime/gateway.ts', find: 'acknowledgeMs: 10_000', put: 'acknowledgeMs: 3_000' },
  { file: 'agent/uplink.ts', find: 'ANSWER_MS = 15_000', put: 'ANSWER_MS = 2_000' },
  // Rows are merged while people still look at them, and daemons still write.
  { file: 'server/chats/compaction.ts', find: 'EVERY_MS = 30_000', put: 'EVERY_MS = 1_000' },
  { file: 'server/chats/compaction.ts', find: 'REST_MS = 600_000', put: 'REST_MS = 500' },
  // And folded, as soon as a chat rests at all; what the run has not seen yet stays until it has.
  { file: 'server/chats/retention.ts', find: 'EVERY_MS = 600_000', put: 'EVERY_MS = 1_000' },
  { file: 'server/chats/retention.ts', find: `interval '1 day'`, put: `interval '2 seconds'` },
  {
    file: 'server/chats/retention.ts',
    find: 'and i.seq >= h.head',
    put: 'and i.seq >= h.head and h.head <= (select seq from chaos_seen s where s."chatId" = $1)',
  },
  // Everybody comes through a link, whose port is not the server's.
  { file: 'server/http-guards.ts', find: 'if (host === undefined || !hosts.has(host))', put: 'if (host === undefined)' },
]

/** The outbox keeps what it would forget: every record that was ever written, with its acknowledgements. */
const witness: readonly Edit[] = [
  {
    file: 'agent/outbox.ts',
    find: 'if (waiting.length === 0) rmSync(file, { force: true })',
    put: 'if (waiting.length === 0) attest(file, { acknowledged: { epoch, pseq } })',
  },
  { file: 'agent/outbox.ts', find: 'ftruncateSync(descriptor, 0)', put: 'void 0' },
]

/** How often each is lost is in a file that the run writes and may change at any time. */
const losses: readonly Edit[] = [
  {
    file: 'server/daemons/gateway.ts',
    find: `if (typeof acknowledge !== 'function') return`,
    put: `if (typeof acknowledge !== 'function' || loses('request', call, input)) return`,
  },
  {
    file: 'server/daemons/gateway.ts',
    find: '=> void acknowledge(value)',
    put: `=> void (loses('acknowledgement', call, input) || acknowledge(value))`,
  },
  {
    file: 'server/realtime/bus.ts',
    find: 'const { from, hints } = JSON.parse(payload) as { from: string; hints: Hint[] }',
    put: `if (loses('hint', 'notify', payload)) return; const { from, hints } = JSON.parse(payload)`,
  },
  /** A commit that takes its time holds its locks meanwhile. */
  { file: 'server/db/client.ts', find: `await client.query('commit')`, put: `await dawdles(); await client.query('commit')` },
  /** A disk that is full while a file of the run says so. */
  { file: 'agent/outbox.ts', find: 'at += writeSync(descriptor, bytes, at)', put: 'at += (takes(), writeSync(descriptor, bytes, at))' },
]

/** Each takes one rule out of the protocol. */
export const mutations = {
  /** Facts are confirmed to the daemon before they are committed. */
  'ack-early': [
    {
      file: 'server/daemons/ingest.ts',
      find: 'const stored = await appendFenced(batch.map(toBatch))',
      put: `for (const each of batch) if (acceptedTurns(each).length === 0) each.resolve({ is: 'acknowledged', pseq: last(each) })
    const stored = await appendFenced(batch.map(toBatch))`,
    },
  ],
  /** An append that comes again is stored again. */
  'no-dedup': [
    {
      file: 'server/chats/append.ts',
      find: 's."nodeId" = b."nodeId" and s.pseq = b.first - 1',
      put: 's."nodeId" = b."nodeId"',
    },
  ],
  /** What an ended epoch still sends is stored. */
  'no-fence': [
    {
      file: 'server/chats/append.ts',
      find: 's.epoch = b.epoch and s."nodeId" = b."nodeId" and s.pseq = b.first - 1',
      put: '(s.epoch <> b.epoch or s.pseq = b.first - 1)',
    },
  ],
  /** Facts are sent first and written to the disk four seconds later. */
  'lazy-outbox': [
    {
      file: 'agent/outbox.ts',
      find: 'if (!isBroken) write(line)',
      put: 'setTimeout(() => { try { write(line) } catch {} }, 4000)',
    },
  ],
  /** A prompt goes to the agent without waiting until the log holds that it was taken. */
  'hand-off-early': [
    {
      file: 'agent/session-runner.ts',
      find: `return put({ type: 'turn.accepted', turnId: order.turnId })`,
      put: `{
        put({ type: 'turn.accepted', turnId: order.turnId })
        const command = told.get(order.turnId)
        accepted = { prompt: command.prompt, model: command.model, mustStartAnew: false }
        return feed({ type: 'accepted', turnId: order.turnId, isWithdrawn: false })
      }`,
    },
    { file: 'agent/session-runner.ts', find: 'const inputs: Input[] = []', put: 'const inputs: Input[] = []\n  const told = new Map()' },
    {
      file: 'agent/session-runner.ts',
      find: `for (const each of commands) if (each.kind === 'permission' || each.kind === 'elicitation')`,
      put: `for (const each of commands) told.set(each.turnId, each)
    for (const each of commands) if (each.kind === 'permission' || each.kind === 'elicitation')`,
    },
  ],
  /** What an agent says after its daemon was fenced is not written down. */
  'deaf-after-fence': [
    { file: 'agent/session-runner.ts', find: 'if (isMute) return', put: `if (isMute || session.stage.is === 'over') return` },
  ],
  /** What a fenced daemon still holds is thrown away. */
  'no-salvage': [{ file: 'agent/delivery.ts', find: `await call('salvage', { chatId: outbox.chatId, ...batch })`, put: '' }],
  /** What a fenced daemon still holds is kept beside the log, also where the log has it: its answer was lost. */
  'salvage-all': [
    { file: 'agent/delivery.ts', find: 'outbox.acknowledge(epoch, finalPseq)', put: '' },
    { file: 'server/daemons/store.ts', find: 'o.pseq > coalesce(l."finalPseq", 0) and', put: '' },
  ],
  /** What a full disk does not take is dropped. */
  'drop-when-full': [{ file: 'agent/outbox.ts', find: 'isBroken = true', put: 'isBroken = true; return pseq' }],
  /** What old parts of a log came to is kept without what was said in them. */
  'fold-silently': [{ file: 'core/chat/history-part.ts', find: '[{ ...turn, items }]', put: '[{ ...turn, items: [] }]' }],
  /** Nobody looks after lost hints. */
  'no-sweep': [{ file: 'server/realtime/pump.ts', find: 'SWEEP_EVERY_MS = 1_000', put: 'SWEEP_EVERY_MS = 3_600_000' }],
} as const satisfies Record<string, readonly Edit[]>

export type Mutation = keyof typeof mutations
export const isMutation = (name: string): name is Mutation => name in mutations

/** What every process of a run is loaded with. */
export const editsOf = (mutation: Mutation | null): readonly Edit[] => [
  ...quick,
  ...witness,
  ...losses,
  ...(mutation === null ? [] : mutations[mutation]),
]

/** @throws when the source no longer says what an edit changes, or says it twice */
export function edited(source: string, file: string, edits: readonly Edit[]): string {
  return edits
    .filter((edit) => edit.file === file)
    .reduce((text, { find, put }) => {
      const parts = text.split(find)
      if (parts.length !== 2) throw new Error(`${file} says this ${parts.length - 1} times, not once: ${find}`)
      return parts.join(put)
    }, source)
}
