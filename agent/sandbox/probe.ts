/**
 * Finds the best sandbox of this machine by really running in it: what a kernel
 * or a container forbids shows only then. The order: an own user id for each run
 * (set up by root, else in a user namespace), a user namespace alone, and else nothing runs.
 */
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Method } from '#agent/sandbox/bubblewrap.ts'
import { inside, insidePath } from '#agent/sandbox/inside.ts'
import { runConfined, type Sandbox } from '#agent/sandbox/sandbox.ts'

/** Fixed places only: a name looked up in PATH could be anybody's. */
export function findBubblewraps(harnessRoot: string): string[] {
  const system = ['/usr/bin/bwrap', '/bin/bwrap']
  const bundled = ['sandbox', 'codex'].flatMap((name) => versionsIn(join(harnessRoot, name))).flatMap((dir) => shippedWithCodex(dir))
  return [...new Set([...system, ...bundled])].filter((path) => isExecutable(path))
}

const versionsIn = (dir: string): string[] =>
  existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => !name.includes('.partial'))
        .map((name) => join(dir, name))
    : []

function shippedWithCodex(dir: string): string[] {
  const platform = join(dir, 'node_modules/@openai', `codex-linux-${process.arch}`, 'vendor')
  if (existsSync(join(dir, 'bwrap'))) return [join(dir, 'bwrap')]
  return existsSync(platform) ? readdirSync(platform).map((triple) => join(platform, triple, 'codex-resources/bwrap')) : []
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The user ids of runs: a range that neither people, services nor containers use by convention. */
export const FIRST_RUN_UID = 300_000
export const RUN_UIDS = 200_000

/**
 * @param harnessRoot where programs are installed: the probe mounts it, since a run will
 * @param workspacesRoot where runs live: the probe lives there too
 * @param mayGoWithout the owner's explicit unsafe switch
 */
export async function probeSandbox({
  harnessRoot,
  workspacesRoot,
  mayGoWithout,
}: {
  harnessRoot: string
  workspacesRoot: string
  mayGoWithout: boolean
}): Promise<Sandbox | { missing: 'bubblewrap' | 'namespaces'; reason: string }> {
  if (mayGoWithout) {
    return {
      method: null,
      report: { level: 'none', reason: 'The owner switched the sandbox off: agents run with the rights of this machine’s daemon.' },
    }
  }
  if (process.platform !== 'linux') {
    return { missing: 'namespaces', reason: `Agents are only confined on Linux, and this is ${process.platform}.` }
  }
  const bwraps = findBubblewraps(harnessRoot)
  if (bwraps.length === 0) return { missing: 'bubblewrap', reason: 'The sandbox program bubblewrap is not there yet.' }
  const failures: string[] = []
  for (const is of kindsFor(process.getuid!())) {
    for (const bwrap of bwraps) {
      const method: Method = { is, bwrap }
      const failure = await tryMethod(method, { harnessRoot, workspacesRoot })
      if (failure === null) return { method, report: reportOf(method) }
      failures.push(failure)
    }
  }
  return { missing: 'namespaces', reason: `This machine does not let bubblewrap make a sandbox: ${(failures[0] ?? '').slice(0, 300)}` }
}

const kindsFor = (uid: number): Method['is'][] => (uid === 0 ? ['uid-inside', 'uid-and-user-namespace'] : ['user-namespace'])

function reportOf(method: Method): Sandbox['report'] {
  switch (method.is) {
    case 'uid-inside':
    case 'uid-and-user-namespace':
      return { level: 'uid-and-namespaces', reason: null }
    case 'user-namespace':
      return {
        level: 'namespaces',
        reason: 'The daemon is no root, so all runs share its user id; each still sees only its own files and network.',
      }
  }
}

/** Says what it sees from inside: who it is, which networks there are, whether it can read what it must not. */
const question = `
const fs = require('node:fs')
const can = (work) => { try { work(); return true } catch { return false } }
console.log(JSON.stringify({
  networks: Object.keys(require('node:os').networkInterfaces()).filter((name) => name !== 'lo'),
  seesSecret: can(() => fs.readFileSync(process.argv[1])), writesWork: can(() => fs.writeFileSync('/work/probe', '1')),
  writesRoot: can(() => fs.writeFileSync('/probe', '1')), writesUsr: can(() => fs.writeFileSync('/usr/probe', '1')),
  seesHarnesses: can(() => fs.accessSync('${inside.harness}', fs.constants.X_OK)),
  uid: process.getuid(),
}))`

async function tryMethod(
  method: Method,
  { harnessRoot, workspacesRoot }: { harnessRoot: string; workspacesRoot: string },
): Promise<string | null> {
  const dir = mkdtempSync(join(workspacesRoot, '.probe-'))
  const uid = FIRST_RUN_UID
  try {
    const secret = join(dir, 'secret')
    writeFileSync(secret, 'x')
    const work = join(dir, 'work')
    execFileSync('/bin/mkdir', ['-m', '0700', work])
    if (method.is !== 'user-namespace') execFileSync('/bin/chown', [`${uid}:${uid}`, work])
    chmodSync(dir, 0o711)
    const { code, stdout, stderr } = await runConfined(
      { method, report: { level: 'none', reason: null } },
      {
        uid,
        mounts: [
          { from: work, at: inside.workdir, mayWrite: true },
          { from: harnessRoot, at: inside.harness, mayWrite: false },
        ],
        files: [],
        gatewaySocket: null,
        environment: { PATH: insidePath, HOME: '/tmp' },
        cwd: inside.workdir,
        command: [inside.node, '-e', question, secret],
      },
      { timeoutMs: 10_000, maxBytes: 10_000 },
    )
    if (code !== 0) return stderr.trim().split('\n').at(-1) ?? `exit ${code}`
    const seen = JSON.parse(stdout) as Record<string, unknown>
    const expected = {
      networks: [],
      seesSecret: false,
      writesWork: true,
      writesRoot: false,
      writesUsr: false,
      seesHarnesses: true,
      uid: method.is === 'user-namespace' ? process.getuid!() : uid,
    }
    return JSON.stringify(seen) === JSON.stringify(expected) ? null : `the sandbox is not tight: ${stdout.trim()}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
