/** Cloning over every way in, and the list of changes, in the real sandbox. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DomainError } from '#core/errors.ts'
import { ChatId } from '#core/ids.ts'
import { placeFiles } from '#agent/launch/prepare.ts'
import { runConfined } from '#agent/sandbox/sandbox.ts'
import { inside, insidePath } from '#agent/sandbox/inside.ts'
import { openWorld, type World } from '#agent/testing/world.ts'
import { parseChanges, readChanges } from '#agent/workspace/changes.ts'
import { cloneRepository, sourceOf } from '#agent/workspace/clone.ts'
import { openWorkspace, type Workspace } from '#agent/workspace/workspace.ts'

let world: World
let folder: string
let source: string
let head: string
const git = (...args: string[]): string =>
  execFileSync('git', ['-C', source, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.test', ...args], { encoding: 'utf8' }).trim()

beforeAll(async () => {
  world = await openWorld()
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-source-'))
  source = join(folder, 'greeter')
  mkdirSync(source)
  git('init', '--quiet')
  writeFileSync(join(source, 'README.md'), '# Greeter\n')
  writeFileSync(join(source, 'old.js'), 'export const greeting = "Hello"\nexport const name = "world"\nexport const end = "!"\n')
  git('add', '.')
  git('commit', '--quiet', '-m', 'Begin')
  head = git('rev-parse', 'HEAD')
  git('update-server-info')
}, 120_000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await world.end()
})

const newWorkspace = (): Workspace => openWorkspace(world.surroundings.workspacesRoot, ChatId.parse(randomUUID()))
const clone = (workspace: Workspace, repositoryUrl: string, privateHosts: string[] = [], branch: string | null = null) =>
  cloneRepository({
    sandbox: world.sandbox,
    workspace,
    repositoryUrl,
    branch,
    privateHosts,
    forbidden: world.surroundings.workspacesRoot,
    serverUrl: 'http://127.0.0.1:9',
    onProgress: () => {},
    signal: new AbortController().signal,
  })
const whyNot = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  return error instanceof DomainError ? `${error.code}: ${String(error.facts['detail'])}` : String(error)
}
const run = (workspace: Workspace, script: string) =>
  runConfined(
    world.sandbox,
    {
      uid: workspace.uid,
      mounts: [{ from: workspace.workdir, at: inside.workdir, mayWrite: true }],
      files: [],
      gatewaySocket: null,
      environment: {
        PATH: insidePath,
        HOME: '/tmp',
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a',
      },
      cwd: inside.workdir,
      command: ['/bin/sh', '-c', script],
    },
    { timeoutMs: 20_000, maxBytes: 10_000 },
  )

describe('cloning', { timeout: 30_000 }, () => {
  it('takes a local path, also below a folder that is shut to runs, and names the true origin', async () => {
    const workspace = newWorkspace()
    chmodSync(folder, 0o700)
    expect(await clone(workspace, source)).toBe(head)
    expect(readFileSync(join(workspace.workdir, 'README.md'), 'utf8')).toBe('# Greeter\n')
    expect((await run(workspace, 'git remote get-url origin')).stdout.trim()).toBe(source)
    const again = newWorkspace()
    expect(await clone(again, `file://${source}`)).toBe(head)
  })

  it('goes to a branch, or begins it from the default one', async () => {
    git('switch', '--quiet', '--create', 'feature/old')
    writeFileSync(join(source, 'feature.js'), 'export {}\n')
    git('add', '.')
    git('commit', '--quiet', '-m', 'Feature')
    const feature = git('rev-parse', 'HEAD')
    git('switch', '--quiet', '-')
    const of = async (branch: string) => {
      const workspace = newWorkspace()
      const commit = await clone(workspace, source, [], branch)
      return [commit, (await run(workspace, 'git branch --show-current')).stdout.trim()]
    }
    expect(await of('feature/old')).toEqual([feature, 'feature/old'])
    expect(await of('feature/new')).toEqual([head, 'feature/new'])
  })

  it('takes plain http only from a host that the owner named', async () => {
    const server = createServer((request, response) => {
      const path = join(source, decodeURIComponent(new URL(request.url!, 'http://x').pathname))
      if (!existsSync(path)) return void response.writeHead(404).end()
      response.end(readFileSync(path))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    expect(await clone(newWorkspace(), `http://${host}/.git`, [host])).toBe(head)
    expect(await whyNot(clone(newWorkspace(), `http://${host}/.git`))).toContain('repository.clone-failed')
    server.close()
  })

  it('takes the git protocol through the same gate', async () => {
    const { child, port } = await gitDaemon()
    expect(await clone(newWorkspace(), `git://127.0.0.1:${port}/greeter`, [`127.0.0.1:${port}`])).toBe(head)
    expect(await whyNot(clone(newWorkspace(), `git://127.0.0.1:${port}/greeter`))).toContain('repository.clone-failed')
    child.kill('SIGTERM')
  })

  it('gives null for a repository without a commit', async () => {
    const empty = join(folder, 'empty')
    execFileSync('git', ['init', '--quiet', empty])
    expect(await clone(newWorkspace(), empty)).toBeNull()
  })

  it('says why not in git’s own words, without logins, and leaves nothing half done', async () => {
    const workspace = newWorkspace()
    expect(await whyNot(clone(workspace, join(folder, 'missing')))).toContain('does not exist')
    mkdirSync(join(folder, 'plain'))
    expect(await whyNot(clone(workspace, join(folder, 'plain')))).toMatch(/not.*(a git repository|exist)/)
    expect(await whyNot(clone(workspace, 'https://ada:secret@unresolvable.invalid/x.git'))).not.toContain('secret')
    expect(await whyNot(clone(workspace, 'https://ada:secret@unresolvable.invalid/x.git'))).toContain('repository.clone-failed')
    expect(await whyNot(clone(workspace, 'ext::sh -c touch% /tmp/owned'))).toContain('repository.clone-failed')
    expect(await whyNot(clone(workspace, '--upload-pack=touch /tmp/owned'))).toContain('repository.clone-failed')
    expect(readdirSync(workspace.workdir)).toEqual([])
    expect(await clone(workspace, source)).toBe(head)
  })

  it('takes no other chat’s workspace, not through a link either', async () => {
    const other = newWorkspace()
    await clone(other, source)
    symlinkSync(other.workdir, join(folder, 'link'))
    expect(await whyNot(clone(newWorkspace(), other.workdir))).toContain('belongs to Gatehouse')
    expect(await whyNot(clone(newWorkspace(), join(folder, 'link')))).toContain('belongs to Gatehouse')
    // A link to what may be cloned is followed once, and its name is the origin's.
    symlinkSync(source, join(folder, 'allowed'))
    const workspace = newWorkspace()
    expect(await clone(workspace, join(folder, 'allowed'))).toBe(head)
    expect((await run(workspace, 'git remote get-url origin')).stdout.trim()).toBe(join(folder, 'allowed'))
  })

  it.each([
    ['/srv/a', { is: 'local', path: '/srv/a' }],
    ['file:///srv/a', { is: 'local', path: '/srv/a' }],
    ['https://host/a.git', { is: 'remote', host: 'host', port: 443, url: 'https://host/a.git' }],
    ['https://host:8443/a.git', { is: 'remote', host: 'host', port: 8443, url: 'https://host:8443/a.git' }],
    ['git://host/a', { is: 'remote', host: 'host', port: 9418, url: 'git://host/a' }],
    ['file:///srv/a%2Fb', { is: 'unknown' }],
    ['ssh://host/a', { is: 'unknown' }],
    ['git@host:a.git', { is: 'unknown' }],
    ['../a', { is: 'unknown' }],
  ])('reads %s', (url, expected) => {
    expect(sourceOf(url)).toEqual(expected)
  })
})

async function gitDaemon(): Promise<{ child: ChildProcess; port: number }> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  const child = spawn(
    'git',
    ['daemon', '--listen=127.0.0.1', `--port=${port}`, `--base-path=${folder}`, '--export-all', '--verbose', '--reuseaddr'],
    {
      env: { ...process.env, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  await new Promise((resolve) => child.stderr!.once('data', resolve))
  return { child, port }
}

describe('changes', { timeout: 30_000 }, () => {
  it('of a repository: edited, added, deleted, renamed, binary, committed ones too', async () => {
    const workspace = newWorkspace()
    await clone(workspace, source)
    await run(
      workspace,
      `mv old.js new.js; printf '# Greeter\\nmore\\n' > README.md; git add -A; git commit -qm x; printf 'a\\000b' > bin.dat; mkdir d; echo x > 'd/with space é.txt'
       git config core.fsmonitor 'touch /work/owned'; git config diff.external 'touch /work/owned'; echo '*.md diff=evil' > .gitattributes; git config diff.evil.textconv 'touch /work/owned'`,
    )
    const changes = await readChanges(world.sandbox, workspace, head)
    expect(
      changes?.files.map(({ path, previousPath, status, added, removed, isBinary }) => ({
        path,
        previousPath,
        status,
        added,
        removed,
        isBinary,
      })),
    ).toEqual([
      { path: '.gitattributes', previousPath: undefined, status: 'added', added: 1, removed: 0, isBinary: false },
      { path: 'README.md', previousPath: undefined, status: 'modified', added: 1, removed: 0, isBinary: false },
      { path: 'bin.dat', previousPath: undefined, status: 'added', added: 0, removed: 0, isBinary: true },
      { path: 'd/with space é.txt', previousPath: undefined, status: 'added', added: 1, removed: 0, isBinary: false },
      { path: 'new.js', previousPath: 'old.js', status: 'renamed', added: 0, removed: 0, isBinary: false },
    ])
    expect(changes?.files[1]?.patch).toContain('+more')
    expect(existsSync(join(workspace.workdir, 'owned'))).toBe(false)
  })

  it('of a plain folder: everything is new, and dependencies do not count', async () => {
    const workspace = newWorkspace()
    expect(await readChanges(world.sandbox, workspace, null)).toEqual({ files: [], isTruncated: false })
    await run(workspace, 'echo hi > a.txt; mkdir node_modules; echo x > node_modules/y')
    expect((await readChanges(world.sandbox, workspace, null))?.files).toMatchObject([{ path: 'a.txt', status: 'added', added: 1 }])
    await run(workspace, 'rm a.txt')
    expect((await readChanges(world.sandbox, workspace, null))?.files).toEqual([])
  })

  it('of a folder with more than fits', async () => {
    const workspace = newWorkspace()
    await run(workspace, 'for i in 1 2 3 4 5 6; do seq 1 12000 > $i.txt; done')
    const changes = await readChanges(world.sandbox, workspace, null)
    expect(changes?.isTruncated).toBe(true)
    expect(changes?.files.map(({ added }) => added)).toEqual([12_000, 12_000, 12_000, 12_000, 12_000, 12_000])
    expect(changes?.files.some(({ patch }) => patch === undefined)).toBe(true)
    expect(JSON.stringify(changes).length).toBeLessThan(256_000)
  })

  it('of a repository that was destroyed: it cannot say, and does not throw', async () => {
    const workspace = newWorkspace()
    await clone(workspace, source)
    await run(workspace, 'rm -rf .git')
    expect(await readChanges(world.sandbox, workspace, head)).toBeNull()
  })

  it('reads nothing out of nothing', () => {
    expect(parseChanges({ raw: '', patch: '', isCut: false })).toEqual({ files: [], isTruncated: false })
  })
})

describe('files of a plan', { timeout: 30_000 }, () => {
  it('are written with the run’s rights: a planted link leads nowhere', async () => {
    const workspace = newWorkspace()
    const victim = join(folder, 'victim')
    writeFileSync(victim, 'untouched')
    symlinkSync(victim, join(workspace.home, 'config.toml'))
    await placeFiles(
      world.sandbox,
      workspace,
      [
        { path: `${inside.home}/config.toml`, contents: 'mine', mode: 0o600 },
        { path: `${inside.home}/.deep/er/file`, contents: 'also', mode: 0o600 },
      ],
      [],
    )
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
    expect(readFileSync(join(workspace.home, 'config.toml'), 'utf8')).toBe('mine')
    expect(readFileSync(join(workspace.home, '.deep/er/file'), 'utf8')).toBe('also')
    symlinkSync('/etc', join(workspace.home, '.planted'))
    await placeFiles(world.sandbox, workspace, [{ path: `${inside.home}/.planted/x`, contents: 'x', mode: 0o600 }], [])
    expect(readFileSync(join(workspace.home, '.planted/x'), 'utf8')).toBe('x')
  })
})
