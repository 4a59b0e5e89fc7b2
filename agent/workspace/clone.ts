/**
 * Fills a new working directory from the project's repository. git runs in the
 * sandbox with the run's rights and reaches one host only, the repository's, through
 * the run's gateway; a local path is mounted read-only for this one command.
 */
import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DomainError } from '#core/errors.ts'
import { openGateway } from '#agent/sandbox/gateway.ts'
import { inside, insidePath } from '#agent/sandbox/inside.ts'
import type { Reach } from '#agent/sandbox/reach.ts'
import { runConfined, type Sandbox } from '#agent/sandbox/sandbox.ts'
import type { Workspace } from '#agent/workspace/workspace.ts'

const LOCAL_MOUNT = '/opt/gatehouse/repository'
const GIT_CONFIG = '/opt/gatehouse/gitconfig'
const GIT_PROXY = '/opt/gatehouse/bin/git-proxy'

export type Source = { is: 'local'; path: string } | { is: 'remote'; host: string; port: number; url: string } | { is: 'unknown' }

const ports: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80, 'git:': 9418 }

export function sourceOf(repositoryUrl: string): Source {
  if (isAbsolute(repositoryUrl)) return { is: 'local', path: repositoryUrl }
  const url = URL.parse(repositoryUrl)
  // An escaped slash or another machine's name: no path of this one.
  if (url?.protocol === 'file:')
    return /%2f/i.test(url.pathname) || url.hostname ? { is: 'unknown' } : { is: 'local', path: fileURLToPath(url) }
  const port = url ? ports[url.protocol] : undefined
  return url && port ? { is: 'remote', host: url.hostname, port: Number(url.port) || port, url: repositoryUrl } : { is: 'unknown' }
}

const gitconfig = `[safe]\n\tdirectory = *\n[advice]\n\tdetachedHead = false\n[init]\n\tdefaultBranch = main\n`
const gitProxy = `#!/bin/sh\nexec ${inside.node} ${inside.bridge} "$1" "$2"\n`

export type CloneOptions = {
  sandbox: Sandbox
  workspace: Workspace
  repositoryUrl: string
  /** Switched to, or begun from the default branch; null stays on that. */
  branch: string | null
  /** `host:port` that may be private. */
  privateHosts: readonly string[]
  /** The folder of all workspaces: a chat must not read another's. */
  forbidden: string
  serverUrl: string
  onProgress: (progress: { note: string; fraction: number | null }) => void
  signal: AbortSignal
}

/**
 * @returns the commit that the work starts from; null for an empty repository
 * @throws repository.clone-failed with git's own words in `detail`
 */
export async function cloneRepository(options: CloneOptions): Promise<string | null> {
  const { sandbox, workspace, repositoryUrl, branch, privateHosts, forbidden, serverUrl, onProgress, signal } = options
  let source = sourceOf(repositoryUrl)
  const failed = (detail: string) =>
    new DomainError('repository.clone-failed', { repository: withoutLogin(repositoryUrl), detail: withoutLogin(detail) })
  if (source.is === 'unknown') throw failed('Only https, http and git URLs and local paths can be cloned.')
  if (source.is === 'local') {
    if (!existsSync(source.path)) throw failed(`'${source.path}' does not exist on this machine.`)
    const real = realpathSync(source.path)
    if (`${real}/`.startsWith(`${realpathSync(forbidden)}/`)) throw failed(`'${source.path}' belongs to Gatehouse itself.`)
    // What was looked at is what is mounted: a link on the way may lead elsewhere a moment later.
    source = { is: 'local', path: real }
  }
  const reach: Reach =
    source.is === 'remote'
      ? {
          allowed: new Set([`${source.host}:${source.port}`.toLowerCase()]),
          private: new Set(privateHosts.map((each) => each.toLowerCase())),
        }
      : { allowed: new Set(), private: new Set() }
  const gateway =
    sandbox.method && source.is === 'remote'
      ? await openGateway({ serverUrl, workspaceToken: () => null, reach, listen: { on: 'socket', uid: workspace.uid } })
      : null
  const from = source.is === 'remote' ? source.url : sandbox.method ? LOCAL_MOUNT : source.path
  onProgress({ note: 'Cloning the repository', fraction: null })
  try {
    const result = await runConfined(
      sandbox,
      {
        uid: workspace.uid,
        mounts: [
          { from: workspace.workdir, at: inside.workdir, mayWrite: true },
          ...(source.is === 'local' ? [{ from: source.path, at: LOCAL_MOUNT, mayWrite: false }] : []),
        ],
        files: [
          { at: GIT_CONFIG, contents: gitconfig },
          { at: GIT_PROXY, contents: gitProxy },
        ],
        gatewaySocket: gateway?.socketPath ?? null,
        environment: gitEnvironment(sandbox, gateway?.origin ?? null),
        cwd: sandbox.method ? inside.workdir : workspace.workdir,
        command: ['/usr/bin/env', 'git', 'clone', '--progress', '--no-hardlinks', '--', from, '.'],
      },
      { timeoutMs: 15 * 60_000, maxBytes: 10_000, signal, onStderr: (text) => report(text, onProgress) },
    )
    if (signal.aborted) throw failed('It was cancelled.')
    if (result.code !== 0) throw failed(gitWords(result.stderr) || `git ended with ${result.code}`)
    const settled = await settle({ sandbox, workspace, originUrl: repositoryUrl, isLocal: source.is === 'local', branch })
    if (settled.code !== 0) throw failed(gitWords(settled.stderr) || `git could not go to ${branch}`)
    return /^[0-9a-f]{40,64}$/.exec(settled.stdout.trim())?.[0] ?? null
  } catch (error) {
    // The next try finds the empty folder that git wants.
    for (const name of readdirSync(workspace.workdir)) rmSync(join(workspace.workdir, name), { recursive: true, force: true })
    throw error
  } finally {
    await gateway?.close()
  }
}

/** Names the true origin, goes to the branch, and reads the commit. */
async function settle({
  sandbox,
  workspace,
  originUrl,
  isLocal,
  branch,
}: {
  sandbox: Sandbox
  workspace: Workspace
  originUrl: string
  isLocal: boolean
  branch: string | null
}) {
  const script = [
    ...(isLocal ? ['git remote set-url origin "$1"'] : []),
    ...(branch === null ? [] : ['{ git switch --quiet "$2" || git switch --quiet --create "$2"; }']),
    '{ git rev-parse --verify --quiet HEAD || true; }',
  ].join(' && ')
  return runConfined(
    sandbox,
    {
      uid: workspace.uid,
      mounts: [{ from: workspace.workdir, at: inside.workdir, mayWrite: true }],
      files: [],
      gatewaySocket: null,
      environment: gitEnvironment(sandbox, null),
      cwd: sandbox.method ? inside.workdir : workspace.workdir,
      command: ['/bin/sh', '-c', script, 'sh', originUrl, branch ?? ''],
    },
    { timeoutMs: 60_000, maxBytes: 1_000 },
  )
}

function gitEnvironment(sandbox: Sandbox, proxy: string | null): Record<string, string> {
  return {
    PATH: insidePath,
    HOME: '/tmp',
    LANG: 'C.UTF-8',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_NOSYSTEM: '1',
    ...(sandbox.method && { GIT_CONFIG_GLOBAL: GIT_CONFIG }),
    ...(proxy && { http_proxy: proxy, https_proxy: proxy, GIT_PROXY_COMMAND: GIT_PROXY }),
  }
}

function report(text: string, onProgress: CloneOptions['onProgress']): void {
  const percent = [...text.matchAll(/(Receiving objects|Resolving deltas|Updating files):\s+(\d+)%/g)].at(-1)
  if (percent) onProgress({ note: percent[1]!, fraction: Number(percent[2]) / 100 })
}

/** The lines in which git says why. */
function gitWords(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).filter((line) => /^(fatal|error|remote|warning): /.test(line))
  return (lines.length > 0 ? lines : stderr.trim().split('\n').slice(-2))
    .slice(-4)
    .join('\n')
    .replaceAll(LOCAL_MOUNT, 'the repository')
    .slice(0, 2_000)
}

const withoutLogin = (text: string): string => text.replace(/\/\/[^/\s@]+@/g, '//')
