/**
 * One run: a world, people who work in it, faults by seed, a quiet end, and the check. Whatever it finds can be looked
 * at in its folder, which is kept when something was found.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { findLogFaults } from '#server/chats/log-check.ts'
import { closeDatabase, openDatabase } from '#server/db/client.ts'
import { check, digestOf, type Violation } from '#e2e/chaos/check.ts'
import { Cluster, type Node } from '#e2e/chaos/cluster.ts'
import type { Mutation } from '#e2e/chaos/edits.ts'
import type { ChatEvidence, Evidence, Fault, ProducedFact, PromptKind, WatcherEvidence } from '#e2e/chaos/evidence.ts'
import { Faults } from '#e2e/chaos/faults.ts'
import { journalOf } from '#e2e/chaos/journal.ts'
import type { Losses } from '#e2e/chaos/losses.ts'
import { Observer, openPool, readLog } from '#e2e/chaos/observer.ts'
import { Person } from '#e2e/chaos/people.ts'
import { randomFrom, type Random } from '#e2e/chaos/random.ts'
import { Watcher } from '#e2e/chaos/watcher.ts'
import { byToken, createApi, type Api } from '#e2e/world/api.ts'
import { followChat } from '#e2e/world/follow.ts'
import { startFakeProvider } from '#e2e/world/fake-provider.ts'
import { connectFake, newKey, newPassword, runGatehouse } from '#e2e/world/world.ts'

export type Plan = {
  name: string
  chatsPerNode: number
  watchersPerChat: number
  prompts?: readonly PromptKind[]
  losses: Losses
  /** What happens between the start and the quiet end. */
  story: (scene: Scene) => Promise<void>
  /** How long the end may take to become quiet; what is not by then is a violation. */
  quietWithinMs?: number
  /** How long nobody does anything after that, for what the servers do in the meantime. */
  restMs?: number
}

export type Scene = { cluster: Cluster; faults: Faults; people: readonly Person[]; observer: Observer; random: Random; seconds: number }

export type RunOptions = { plan: Plan; seed: string; seconds: number; mutation: Mutation | null; say?: (line: string) => void }

export type Report = {
  plan: string
  seed: string
  mutation: Mutation | null
  tookMs: number
  faults: readonly Fault[]
  events: number
  orphans: number
  deliveries: number
  turns: Readonly<Record<string, number>>
  lostWords: number
  violations: readonly Violation[]
  /** Kept when there is something to look at. */
  folder: string | null
}

const QUIET_WITHIN_MS = 60_000

export async function run({ plan, seed, seconds, mutation, say = () => {} }: RunOptions): Promise<Report> {
  const startedAt = Date.now()
  const random = randomFrom(`${seed}/${plan.name}`)
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-chaos-'))
  chmodSync(home, 0o711)
  const provider = await startFakeProvider({ key: newKey() })
  const closing: (() => unknown)[] = [() => provider.close()]
  let violations: readonly Violation[] | null = null
  try {
    const cluster = await Cluster.open({ home, seed, mutation, privateUpstreams: provider.host })
    closing.push(() => cluster.close())
    const { token, apis } = await furnish(cluster)
    const chats = await openChats({ cluster, api: apis[0]!, provider, perNode: plan.chatsPerNode })
    say(`${chats.length} chats on ${cluster.nodes.length} nodes after ${Date.now() - startedAt} ms`)
    const observer = await Observer.open(cluster.postgres.url, chats)
    closing.push(() => observer.close())
    const watchers: Watcher[] = []
    for (const chatId of chats) {
      for (let at = 0; at < plan.watchersPerChat; at += 1) {
        const link = await cluster.openLink(at)
        watchers.push(new Watcher({ name: `watcher ${watchers.length + 1}`, chatId, link, token }))
      }
    }
    closing.push(() => watchers.forEach((watcher) => watcher.close()))

    const over = new AbortController()
    const people = chats.map(
      (chatId) =>
        new Person({
          chatId,
          apis,
          observer,
          random: random.fork(chatId),
          over: over.signal,
          ...(plan.prompts && { kinds: plan.prompts }),
        }),
    )
    const working = people.map((person) => person.work())
    const faults = new Faults({ cluster, watchers, random: random.fork('faults') })
    cluster.lose(plan.losses)
    await plan.story({ cluster, faults, people, observer, random: random.fork('story'), seconds }).catch((error: unknown) => {
      // A broken protocol may well stop a story; what it left is checked.
      if (mutation === null) throw error
      say(String(error))
    })
    over.abort()
    await Promise.all(working)
    say('quiet')
    await untilQuiet({ cluster, people, watchers, observer, chats }, plan.quietWithinMs ?? QUIET_WITHIN_MS)

    await pause(plan.restMs ?? 0)
    const newcomers = await welcome(apis[0]!, chats)
    const evidence = await collect({ cluster, home, people, watchers, newcomers, observer, chats, faults: faults.done })
    violations = [...check(evidence), ...(await checkLogs(cluster))]
    return {
      plan: plan.name,
      seed,
      mutation,
      tookMs: Date.now() - startedAt,
      violations,
      folder: violations.length > 0 ? home : null,
      ...counted(evidence),
    }
  } finally {
    for (const close of closing.toReversed()) await close()
    if (violations?.length === 0 || mutation !== null) rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** People, servers, nodes. */
async function furnish(cluster: Cluster): Promise<{ token: string; apis: Api[] }> {
  const [first] = cluster.servers
  const printed = await runGatehouse(
    { home: first!.home, port: first!.port, env: cluster.environment(first!) },
    'setup',
    '--email',
    'ada@example.test',
    '--name',
    'Ada',
    '--password',
    newPassword(),
    '--team',
    'Acme',
    '--token',
  )
  const { token } = JSON.parse(printed) as { token: string }
  await Promise.all(cluster.servers.map((server) => cluster.startServer(server)))
  const apis = cluster.servers.map((server) => createApi(`http://127.0.0.1:${server.port}`, byToken(token)))
  for (const node of cluster.nodes) await cluster.join(node, (await apis[0]!.nodes.createJoinToken.mutate({ name: node.name })).token)
  for (const node of cluster.nodes) cluster.startDaemon(node)
  return { token, apis }
}

/** Each chat has its workspace on a node from the start, so that every node has some. */
async function openChats({
  cluster,
  api,
  provider,
  perNode,
}: {
  cluster: Cluster
  api: Api
  provider: Awaited<ReturnType<typeof startFakeProvider>>
  perNode: number
}): Promise<string[]> {
  const { projectId } = await api.projects.create.mutate({ name: 'Chaos' })
  await connectFake({ api, provider }, { projectId, harness: 'scripted', dialect: 'openai-responses', models: ['alpha'] })
  const pool = openPool(cluster.postgres.url)
  const chats: string[] = []
  for (const { nodeId } of cluster.nodes) {
    for (let at = 0; at < perNode; at += 1) {
      const { chatId } = await api.chats.create.mutate({ projectId, harness: 'scripted' })
      await pool.query('update chat set "nodeId" = $2 where id = $1', [chatId, nodeId])
      chats.push(chatId)
    }
  }
  await pool.end()
  return chats
}

type Settling = { cluster: Cluster; people: readonly Person[]; watchers: readonly Watcher[]; observer: Observer; chats: readonly string[] }

/** Resolves when nothing is under way any more, or when that takes too long: the check then says what is. */
async function untilQuiet({ cluster, people, watchers, observer, chats }: Settling, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  const isQuiet = async (): Promise<boolean> => {
    await observer.read()
    const haveEnded = chats.every((chatId, at) =>
      people[at]!.asked.every((turn) => !turn.isAcknowledged || observer.hasEnded(chatId, turn.turnId)),
    )
    const isDelivered = chats.every((chatId) => cluster.nodes.every((node) => isEmpty(readOutbox(node, chatId))))
    return haveEnded && isDelivered && watchers.every((each) => each.isLive && each.seq === (observer.rowsOf(each.chatId).at(-1)?.seq ?? 0))
  }
  // Twice, since what ends a turn may be followed by a word about its run.
  for (let calm = 0; calm < 2 && Date.now() < deadline; await pause(250)) calm = (await isQuiet().catch(() => false)) ? calm + 1 : 0
}

/** Somebody who reads each chat for the first time, from the beginning of its log. */
async function welcome(api: Api, chats: readonly string[]): Promise<Map<string, WatcherEvidence>> {
  const seen = new Map<string, WatcherEvidence>()
  for (const chatId of chats) {
    const reader = followChat(api, chatId)
    await reader.catchUp()
    const view = reader.view()
    seen.set(chatId, { name: 'newcomer', isLive: true, last: { logId: null, seq: view.seq, digest: digestOf(view) }, shown: [] })
  }
  return seen
}

/** The product's own check, which knows nothing of the run. */
async function checkLogs(cluster: Cluster): Promise<Violation[]> {
  const found: Violation[] = []
  await openDatabase(cluster.postgres.url)
  for await (const fault of findLogFaults()) found.push({ ...fault, rule: `check-log: ${fault.rule}` })
  await closeDatabase()
  return found
}

type Collecting = Settling & { newcomers: ReadonlyMap<string, WatcherEvidence>; home: string; faults: readonly Fault[] }

async function collect({ cluster, people, watchers, newcomers, observer, chats, faults }: Collecting): Promise<Evidence> {
  const pool = openPool(cluster.postgres.url)
  await observer.read()
  const collected: ChatEvidence[] = []
  for (const [at, chatId] of chats.entries()) {
    const { rows: heads } = await pool.query(
      `select h.*, c."nodeId" as place, (select count(*)::int from command k where k."chatId" = c.id and k.state = 'queued' and k.kind = 'prompt') as queued
       from chat_head h join chat c on c.id = h."chatId" where c.id = $1`,
      [chatId],
    )
    const head = heads[0]
    const { rows: leases } = await pool.query('select epoch, "finalPseq" from lease_log where "chatId" = $1', [chatId])
    const { rows: orphans } = await pool.query(
      'select epoch, pseq, type, payload from orphan_event where "chatId" = $1 order by epoch, pseq',
      [chatId],
    )
    const node = cluster.nodes.find((each) => each.nodeId === head.place)!
    const { written, acknowledged } = readOutbox(node, chatId)
    collected.push({
      chatId,
      node: node.name,
      log: await readLog(pool, chatId),
      firstSeen: observer.rowsOf(chatId),
      head: { ...head, head: Number(head.head), pseq: Number(head.pseq) },
      leases: leases.map((row) => ({ epoch: row.epoch, finalPseq: Number(row.finalPseq) })),
      orphans: orphans.map(({ epoch, pseq, type, payload }) => ({ epoch, pseq: Number(pseq), fact: { ...payload, type } })),
      outbox: written,
      acknowledged,
      journal: journalOf(join(node.home, 'node/workspaces', chatId, 'home/journal.log')),
      asked: people[at]!.asked,
      watchers: [...watchers.filter((each) => each.chatId === chatId).map((each) => each.evidence()), newcomers.get(chatId)!],
    })
  }
  await pool.end()
  return { chats: collected, faults }
}

type WrittenOutbox = { written: ProducedFact[]; acknowledged: Map<number, number> }

/** The file as `agent/outbox.ts` wrote it; a torn last line is none. */
function readOutbox(node: Node, chatId: string): WrittenOutbox {
  const folder = join(node.home, 'node/outbox')
  const written: ProducedFact[] = []
  const acknowledged = new Map<number, number>()
  const name = readdirSync(folder).find((each) => each.startsWith(chatId))
  for (const line of name ? readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1) : []) {
    const record = JSON.parse(line) as ProducedFact | { acknowledged: { epoch: number; pseq: number } }
    if ('fact' in record) written.push(record)
    else acknowledged.set(record.acknowledged.epoch, Math.max(record.acknowledged.pseq, acknowledged.get(record.acknowledged.epoch) ?? 0))
  }
  return { written, acknowledged }
}

const isEmpty = ({ written, acknowledged }: WrittenOutbox): boolean =>
  written.every(({ epoch, pseq }) => pseq <= (acknowledged.get(epoch) ?? 0))

function counted({ chats, faults }: Evidence): Pick<Report, 'faults' | 'events' | 'orphans' | 'deliveries' | 'turns' | 'lostWords'> {
  const turns: Record<string, number> = {}
  const facts = chats.flatMap((chat) => chat.firstSeen.map((row) => row.fact))
  for (const fact of facts) {
    const how =
      fact.type === 'turn.ended'
        ? fact.outcome
        : fact.type === 'turn.interrupted'
          ? 'interrupted'
          : fact.type === 'turn.withdrawn'
            ? 'withdrawn'
            : null
    if (how) turns[how] = (turns[how] ?? 0) + 1
  }
  const words = (text: string) => text.match(/\d+/g)?.length ?? 0
  const said = chats.reduce((sum, chat) => sum + [...chat.journal.values()].reduce((all, each) => all + each.said, 0), 0)
  const kept = chats.reduce(
    (sum, { firstSeen, orphans }) =>
      sum + words([...firstSeen, ...orphans].map(({ fact }) => (fact.type === 'reply.appended' ? fact.text : '')).join('')),
    0,
  )
  return {
    faults,
    turns,
    events: facts.length,
    orphans: chats.reduce((sum, chat) => sum + chat.orphans.length, 0),
    deliveries: chats.reduce((sum, chat) => sum + chat.watchers.reduce((all, each) => all + each.last.seq, 0), 0),
    lostWords: said - kept,
  }
}
