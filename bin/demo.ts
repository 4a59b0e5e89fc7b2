/**
 * `npm run demo`: the world of the end-to-end tests, for a person. A real server, daemon,
 * database and real agent programs; only the model is played by the fake provider, so
 * nobody needs a key. What was tried is kept in `.demo` until that folder is deleted.
 */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { byToken, createApi, signIn, type Api } from '#e2e/world/api.ts'
import { brain } from '#e2e/world/fake-provider-brain.ts'
import type { FakeDialect } from '#e2e/world/fake-provider-scene.ts'
import { HUMAN_PACE, startFakeProvider } from '#e2e/world/fake-provider.ts'
import { root, startServer } from '#e2e/world/server.ts'
import { runGatehouse } from '#e2e/world/world.ts'

const home = path.join(root, '.demo')
const port = Number(process.env['PORT'] ?? 3100)
const people = {
  owner: { name: 'Ada', email: 'ada@demo.test', password: 'demo-ada-1815' },
  member: { name: 'Mei', email: 'mei@demo.test', password: 'demo-mei-1815' },
}
const harnesses: readonly { harness: string; dialect: FakeDialect; prompt: string }[] = [
  { harness: 'claude-code', dialect: 'anthropic-messages', prompt: 'Make a plan for a greeting and carry it out.' },
  { harness: 'codex', dialect: 'openai-responses', prompt: 'Show me a small diff.' },
  { harness: 'opencode', dialect: 'openai-chat', prompt: 'Give me a long answer about how a prompt travels.' },
]

/** A repository with a little history, for agents to work in. */
function sampleRepository(): string {
  const folder = path.join(home, 'greeter')
  if (existsSync(folder)) return folder
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'README.md'), '# Greeter\n\nSays hello, in one language so far.\n')
  writeFileSync(path.join(folder, 'greeter.js'), 'export function greet(name) {\n  return "Hello " + name\n}\n')
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@demo.test', '-c', 'init.defaultBranch=main', ...args], {
      cwd: folder,
    })
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '-m', 'Say hello')
  return folder
}

async function fill(api: Api, provider: Awaited<ReturnType<typeof startFakeProvider>>, url: string) {
  const invitation = await api.team.invite.mutate({ email: people.member.email, role: 'member' })
  await createApi(url).invitations.accept.mutate({
    token: invitation.url.split('/').pop()!,
    name: people.member.name,
    password: people.member.password,
  })
  for (const { harness, dialect } of harnesses) {
    const secret = { kind: 'api-key', provider: 'custom', key: provider.key, baseUrl: provider.baseUrl(dialect), dialect } as const
    await api.connections.connect.mutate({ harness, scope: 'platform', secret })
  }
  const { projectId } = await api.projects.create.mutate({
    name: 'Greeter',
    repositoryUrl: sampleRepository(),
    instructions: 'Keep it short. Explain each change in one sentence.',
  })
  // The first prompt of each installs its program; people can watch that in the chat.
  for (const { harness, prompt } of harnesses) {
    const { chatId } = await api.chats.create.mutate({ projectId, harness })
    await api.chats.sendPrompt.mutate({ chatId, turnId: randomUUID(), prompt: [{ type: 'text', text: prompt }] })
  }
}

/** Creates the owner on the first start; afterwards the password is known. */
async function enter(options: { home: string; port: number }, url: string): Promise<{ api: Api; isNew: boolean }> {
  const { email, name, password } = people.owner
  const { isOpen } = await createApi(url).setup.state.query()
  if (!isOpen) return { api: createApi(url, { cookie: await signIn(url, people.owner) }), isNew: false }
  const printed = await runGatehouse(
    options,
    'setup',
    '--email',
    email,
    '--name',
    name,
    '--password',
    password,
    '--team',
    'Demo',
    '--token',
  )
  return { api: createApi(url, byToken((JSON.parse(printed) as { token: string }).token)), isNew: true }
}

mkdirSync(home, { recursive: true })
chmodSync(home, 0o711)
const provider = await startFakeProvider({ key: 'sk-demo-opens-nothing-but-this-demo', port: port + 1, brain, pace: HUMAN_PACE })
const server = startServer({
  home,
  port,
  entry: 'bin/start.mjs',
  env: { GATEHOUSE_PRIVATE_UPSTREAMS: provider.host, GATEHOUSE_TESTING: '0' },
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    console.log('\nStopping the demo …')
    void server.stop().finally(() => process.exit(0))
  })
}

try {
  console.log('Starting the demo; the first start also builds the screens …')
  await server.ready(600_000)
  const { api, isNew } = await enter({ home, port }, server.url)
  if (isNew) await fill(api, provider, server.url)
  const lines = [`Gatehouse, with a model that is only played:  ${server.url}`, '', 'Sign in as']
  for (const { name, email, password } of Object.values(people)) lines.push(`  ${name.padEnd(4)} ${email}   ${password}`)
  lines.push(
    '',
    'Prompts to try: "plan", "diff", "long", "write notes.txt: hello", "run: ls", "fail: 429".',
    'Ctrl-C stops it; delete .demo to start afresh.',
  )
  console.log(`\n${lines.join('\n')}\n`)
  void server.ended(2_147_000_000).then(() => process.exit())
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  server.child.kill('SIGKILL')
  process.exit(1)
}
