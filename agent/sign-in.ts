/**
 * One guided sign-in: the harness's own login, in a sandbox and a home that are thrown away, with tunnels to its
 * vendor and to nobody else. What it prints for the person is told; the file that it writes is read once.
 * From: `sign-ins.ts`. Next: the call `tellSignIn` (`server/sign-ins/node-side.ts`).
 */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { planSignIn, type SignInPlan } from '#core/connections/sign-in-plan.ts'
import { DomainError } from '#core/errors.ts'
import { plainLines } from '#core/harnesses/guided-sign-in.ts'
import { guidedLoginOf, type Harness } from '#core/harnesses/harness.ts'
import type { CallRequest } from '#core/links/daemon.ts'
import type { Surroundings } from '#agent/agent-process.ts'
import { programOf } from '#agent/launch/install.ts'
import { placeOf } from '#agent/launch/prepare.ts'
import { readLogin } from '#agent/login-watch.ts'
import { openGateway, type Gateway } from '#agent/sandbox/gateway.ts'
import { inside } from '#agent/sandbox/inside.ts'
import { reachOf } from '#agent/sandbox/reach.ts'
import { makePrivateFolder, startConfined, type Confined, type Sandbox } from '#agent/sandbox/sandbox.ts'
import { uidOf } from '#agent/workspace/workspace.ts'

export type SignInEvent = CallRequest<'tellSignIn'>['event']

export type SignInOptions = {
  signInId: string
  harness: Harness
  surroundings: Surroundings
  /** Holds the folder of each sign-in while it lasts. */
  root: string
  onShown: (shown: Extract<SignInEvent, { is: 'shown' }>) => void
  /** Called once the program listens: what the person brings back goes in here. */
  onAsks: (answer: (text: string) => void) => void
  signal: AbortSignal
}

/** More than any of them prints. */
const OUTPUT_MAX = 64_000

/**
 * Resolves when nothing is left of it on this node, with what to tell the server.
 * @throws whatever `signal` was aborted with
 */
export async function runSignIn(options: SignInOptions): Promise<Extract<SignInEvent, { is: 'finished' | 'failed' }>> {
  const folder = join(options.root, options.signInId)
  try {
    return await inFolder(folder, options)
  } catch (error) {
    if (options.signal.aborted || !(error instanceof DomainError)) throw error
    return { is: 'failed', code: error.code, detail: String(error.facts['detail'] ?? error.facts['reason'] ?? '').slice(-500) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function inFolder(
  folder: string,
  { signInId, harness, surroundings, onShown, onAsks, signal }: SignInOptions,
): Promise<Extract<SignInEvent, { is: 'finished' | 'failed' }>> {
  const sandbox = surroundings.sandbox()
  const login = guidedLoginOf(harness)
  if (!sandbox) throw new DomainError('sandbox.unavailable', { reason: surroundings.whyNoSandbox() })
  if (!login) throw new DomainError('sign-in.failed', { harness: harness.id })
  const harnessDir = await surroundings.installHarness(harness, programOf(harness), () => {})
  signal.throwIfAborted()

  const uid = uidOf(signInId)
  const home = makeHome(folder, uid, login.path)
  const { vendors } = surroundings
  const gateway = await openGateway({
    serverUrl: surroundings.proxyUrl,
    workspaceToken: () => null,
    reach: reachOf(login.signIn.hosts, vendors.redirected),
    listen: sandbox.method ? { on: 'socket', uid } : { on: 'loopback' },
  })
  let confined: Confined | null = null
  const stop = (): void => void confined?.kill()
  try {
    signal.throwIfAborted()
    const place = placeOf({ sandbox, workspace: { home, workdir: home }, harnessDir, proxyOrigin: gateway.origin, vendors })
    const plan = planSignIn(harness, place)!
    confined = confine({ sandbox, uid, home, harnessDir, plan, gateway, ca: vendors.ca?.contents ?? null })
    signal.addEventListener('abort', stop, { once: true })
    const said = listen(confined, plan, onShown)
    if (plan.signIn.asks === 'paste') onAsks((text) => confined?.stdin.write(`${text}\n`))
    else confined.stdin.end()
    const { code, error } = await confined.exited
    await confined.kill()
    signal.throwIfAborted()
    const contents = code === 0 ? await readLogin({ home, path: login.path, uid }) : null
    return contents === null ? { is: 'failed', code: 'sign-in.failed', detail: error ?? said() } : { is: 'finished', contents }
  } finally {
    signal.removeEventListener('abort', stop)
    await confined?.kill()
    await gateway.close()
  }
}

/** The folder of the login is made too: a program may want to find it. */
function makeHome(folder: string, uid: number, path: string): string {
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  const home = join(folder, 'home')
  makePrivateFolder(home, uid)
  makePrivateFolder(join(home, dirname(path)), uid)
  return home
}

type ConfineOptions = {
  sandbox: Sandbox
  uid: number
  home: string
  harnessDir: string
  plan: SignInPlan
  gateway: Gateway
  ca: string | null
}

const confine = ({ sandbox, uid, home, harnessDir, plan, gateway, ca }: ConfineOptions): Confined =>
  startConfined(sandbox, {
    uid,
    mounts: [
      { from: home, at: inside.home, mayWrite: true },
      { from: harnessDir, at: inside.harness, mayWrite: false },
    ],
    files: ca === null ? [] : [{ at: inside.vendorCa, contents: ca }],
    gatewaySocket: gateway.socketPath,
    environment: plan.env,
    cwd: sandbox.method ? inside.home : home,
    command: [plan.command, ...plan.args],
  })

/** Tells the link once it is whole. The answer gives the last words of its standard error. */
function listen(confined: Confined, { signIn }: SignInPlan, onShown: SignInOptions['onShown']): () => string {
  let output = ''
  let isShown = false
  let errors = ''
  confined.stdout.on('data', (piece: Buffer) => {
    if (isShown || output.length > OUTPUT_MAX) return
    output += String(piece)
    const shown = signIn.read(output)
    if (!shown) return
    isShown = true
    output = ''
    onShown({ is: 'shown', ...shown })
  })
  confined.stderr.on('data', (piece: Buffer) => (errors = (errors + String(piece)).slice(-4_000)))
  return () => lastWords(errors)
}

/** Without remarks by the way, and without anything that could be a code or a token. */
export function lastWords(errors: string): string {
  const lines = plainLines(`${errors}\n`).filter((line) => line !== '' && !line.startsWith('WARNING'))
  return (lines.at(-1) ?? '').replaceAll(/[\w.#+/=-]{24,}/g, '…').slice(0, 300)
}
