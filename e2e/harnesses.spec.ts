/**
 * The main job, once per real agent program: a prompt through server, daemon, sandbox,
 * agent, proxy and provider, and back. Everything is asserted from outside: the file,
 * the log, what the provider saw, what the workspace never saw, what was metered. It then calls
 * a tool of our MCP server and quotes what only that knows.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '#e2e/fixtures.ts'
import type { Turn } from '#core/chat/view.ts'
import { findHarness } from '#core/harnesses/registry.ts'
import { followChat, replyOf, type ChatFollower } from '#e2e/world/follow.ts'
import type { FakeDialect } from '#e2e/world/fake-provider-scene.ts'
import { environmentOf, processesOf } from '#e2e/world/processes.ts'
import { connectFake, unique, type World } from '#e2e/world/world.ts'

/** Each with a catalog of one model: whatever it asks for by itself has to be that one, or be known as its own. */
const harnesses: { harness: string; dialect: FakeDialect; route: RegExp; model: string }[] = [
  { harness: 'codex', dialect: 'openai-responses', route: /^\/openai\/v1\/responses$/, model: 'gpt-6-sol' },
  { harness: 'claude-code', dialect: 'anthropic-messages', route: /^\/anthropic\/v1\/messages$/, model: 'claude-sonnet-5-5' },
  { harness: 'opencode', dialect: 'openai-chat', route: /^\/openai\/v1\/chat\/completions$/, model: 'gpt-6.1-terra' },
  {
    harness: 'opencode',
    dialect: 'gemini-generate',
    route: /^\/gemini\/v1beta\/models\/gemini-4-argon:streamGenerateContent$/,
    model: 'gemini-4-argon',
  },
]

// The first chat of a harness installs it.
test.describe.configure({ timeout: 300_000 })

/** Says yes to whatever the agent asks until the turn has ended. */
async function untilEndedAllowing(world: World, chat: ChatFollower, turnId: string): Promise<Turn> {
  const answered = new Set<string>()
  await chat.untilView(
    (view) => {
      const turn = view.turns.find((each) => each.turnId === turnId)
      for (const item of turn?.items ?? []) {
        if (item.is !== 'permission' || item.answer.is !== 'open' || answered.has(item.requestId)) continue
        answered.add(item.requestId)
        const { optionId } = item.options.find((each) => each.kind === 'allow_once') ?? item.options[0]!
        void world.owner.api.chats.answerPermission.mutate({ chatId: chat.chatId, requestId: item.requestId, optionId })
      }
      return turn?.endedAt != null
    },
    'the end of the turn',
    240_000,
  )
  return chat.turn(turnId)!
}

/** Every file below a folder that a text could stand in, with its contents. */
function* filesBelow(folder: string): Generator<{ file: string; contents: string }> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(file)
    else if (entry.isFile() && statSync(file).size < 50_000_000) yield { file, contents: readFileSync(file, 'latin1') }
  }
}

/** Where the key stands although it must not: files of the node, environments and command lines of its processes. */
function sightings(world: World, key: string): string[] {
  const node = path.join(world.server.home, 'node')
  const files = [...filesBelow(node)].filter(({ contents }) => contents.includes(key)).map(({ file }) => file)
  const processes = processesOf(world.server.home)
    .filter(({ pid, command }) => environmentOf(pid).includes(key) || command.includes(key))
    .map(({ command }) => command)
  return [...files, ...processes]
}

function fileBelow(folder: string, name: string): string | undefined {
  const found = [...filesBelow(folder)].find(({ file }) => path.basename(file) === name)
  return found && Buffer.from(found.contents, 'latin1').toString('utf8')
}

type Tokens = { inputTokens: number; outputTokens: number; cacheReadTokens: number; cacheWriteTokens: number }

/** As a bill would add it up. */
const total = (counts: readonly Tokens[]): Tokens => {
  const sum = (what: keyof Tokens) => counts.reduce((all, each) => all + each[what], 0)
  return {
    inputTokens: sum('inputTokens'),
    outputTokens: sum('outputTokens'),
    cacheReadTokens: sum('cacheReadTokens'),
    cacheWriteTokens: sum('cacheWriteTokens'),
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It died with one of the others.
  }
}

/**
 * Its whole process tree is killed in the middle of an answer, and then the daemon with it. Each time the turn is
 * interrupted and not failed, nothing of the transcript is said twice or lost, and the model is sent what was said before.
 */
async function survivesKills(world: World, chat: ChatFollower): Promise<void> {
  const { provider } = world
  const before = chat.view().turns
  const said = before.map(replyOf)
  const begun = () => chat.events.flatMap((each) => (each.type === 'run.started' ? [each.how] : []))
  const kills: [string, () => number[]][] = [
    ['agent', () => processesOf(chat.chatId).map(({ pid }) => pid)],
    ['daemon', () => [Number(readFileSync(path.join(world.server.home, 'node/daemon.pid'), 'utf8'))]],
  ]
  for (const [whose, pids] of kills) {
    const words = `These words come before the ${whose} is killed.`
    const turnId = await chat.send(`stall: ${words}`)
    await chat.untilView((view) => replyOf(view.turns.find((each) => each.turnId === turnId)!) === words, words)
    const killed = pids()
    expect(killed.length).toBeGreaterThan(0)
    for (const pid of killed) kill(pid)
    const turn = await chat.untilEnded(turnId)
    expect(turn).toMatchObject({ status: 'interrupted', failure: whose === 'agent' ? { code: 'agent.crashed' } : null })

    const answer = `Back after the ${whose} was killed.`
    const next = await untilEndedAllowing(world, chat, await chat.send(`say: ${answer}`))
    expect(next).toMatchObject({ status: 'completed' })
    expect(begun().at(-1)).toBe('resumed')
    said.push(words, answer)
    expect(chat.view().turns.map(replyOf)).toEqual(said)
    expect(chat.view().turns.slice(0, before.length)).toEqual(before)
    // Titles and suggestions are asked for too: the request that was answered is the one with this prompt.
    const asked = provider.received.findLast((each) => each.ask?.prompts.at(-1)?.includes(answer))!
    for (const earlier of ['Written by', 'Still here, and warm.', words]) expect(asked.body.toString('utf8')).toContain(earlier)
  }
  expect(begun()).toEqual(['new', 'resumed', 'resumed'])
}

for (const { harness, dialect, route, model } of harnesses) {
  test(`${harness} in ${dialect}: a prompt becomes a file, a transcript and a bill`, async ({ world, project }) => {
    const { api } = world.owner
    const { provider } = world
    const seenBefore = provider.received.length
    await connectFake({ api, provider }, { projectId: project.projectId, harness, dialect, models: [model] })
    const { models } = await api.models.list.query({ harness, projectId: project.projectId })
    expect(models.map(({ id }) => id)).toEqual([model])
    const { chatId } = await api.chats.create.mutate({ projectId: project.projectId, harness })
    const chat = followChat(api, chatId)

    const contents = `Written by ${harness}, ünïcode and all.`
    const first = await untilEndedAllowing(world, chat, await chat.send(`write notes.txt: ${contents}`))
    expect(first).toMatchObject({ status: 'completed', failure: null })
    expect(replyOf(first)).toContain('Done: `notes.txt` is written.')

    const workspace = path.join(world.server.home, 'node/workspaces', chatId)
    expect(fileBelow(workspace, 'notes.txt')?.trimEnd()).toBe(contents)
    const edits = first.items.filter((each) => each.is === 'tool' && JSON.stringify(each).includes('notes.txt'))
    expect(edits).toHaveLength(1)
    expect(edits[0]).toMatchObject({ status: 'completed' })
    expect(replyOf(first).split('Done: `notes.txt` is written.')).toHaveLength(2)
    expect(first.changes?.files).toMatchObject([{ path: 'notes.txt', status: 'added', added: 1 }])

    // The provider saw the key that was connected (its strictness says so), and only the route of the dialect.
    const runs = chat.events.filter((each) => each.type === 'run.started')
    const seen = () => provider.received.slice(seenBefore)
    const reported = () => total(seen().flatMap((each) => (each.reported ? [each.reported] : [])))
    const paths = seen().flatMap((each) => (each.ask ? [each.url.split('?')[0]!] : []))
    expect(paths.length).toBeGreaterThan(0)
    expect(paths.filter((each) => !route.test(each))).toEqual([])
    expect(sightings(world, provider.key)).toEqual([])

    const second = await untilEndedAllowing(world, chat, await chat.send('say: Still here, and warm.'))
    expect(second).toMatchObject({ status: 'completed' })
    expect(replyOf(second)).toBe('Still here, and warm.')
    expect(chat.events.filter((each) => each.type === 'run.started')).toHaveLength(runs.length)

    // What only our MCP server knows: nobody has named this person to the agent.
    const nonce = unique('Newcomer')
    await world.addMember(nonce, 'viewer')
    const third = await untilEndedAllowing(world, chat, await chat.send('tool project_members: {}'))
    expect(third).toMatchObject({ status: 'completed', failure: null })
    expect(replyOf(third)).toContain(nonce)
    expect(chat.events.filter((each) => each.type === 'mcp.called')).toMatchObject([
      { turnId: third.turnId, server: 'gatehouse', tool: 'project_members', outcome: 'completed' },
    ])
    // The token that opened it stays with the daemon.
    expect(sightings(world, 'mct_')).toEqual([])

    // Titles may be asked for after the turn has ended: what counts is that all of it is metered in the end.
    await expect(async () => {
      const records = await api.usage.records.query({ chatId })
      // Nothing was refused: no hidden call of any of them names a model that is not allowed.
      expect(records.filter((each) => each.outcome !== 'completed')).toEqual([])
      expect(total(records)).toEqual(reported())
    }).toPass({ timeout: 30_000 })
    const asked = new Set(seen().flatMap((each) => (each.ask ? [each.ask.model] : [])))
    expect([...asked].filter((each) => each !== model && !findHarness(harness)!.backgroundModels.includes(each))).toEqual([])
    await chat.catchUp()
    const metered = chat.events.filter((each) => each.type === 'usage.metered')
    expect(total(metered)).toEqual(reported())
    expect(metered.every((each) => each.costMicros !== null && each.costMicros > 0)).toBe(true)
    expect(chat.view().usage.costMicros).toBe(metered.reduce((sum, each) => sum + each.costMicros!, 0))
    // Once for each program: what it remembers lies in its own files, whatever dialect its model speaks.
    if (dialect !== 'gemini-generate') await survivesKills(world, chat)
    provider.assertClean()
  })
}
