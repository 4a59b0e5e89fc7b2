/** Scripted logins in the sandbox of this machine: what is shown, what is taken, and that nothing is left. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { GuidedSignIn } from '#core/harnesses/guided-sign-in.ts'
import { scripted } from '#core/harnesses/scripted.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { lastWords, runSignIn, type SignInEvent } from '#agent/sign-in.ts'
import { processesWith } from '#agent/sandbox/processes.ts'
import { openWorld, type World } from '#agent/testing/world.ts'

let world: World
let folder: string
let root: string
beforeAll(async () => {
  world = await openWorld()
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-sign-in-'))
  root = join(folder, 'sign-ins')
  mkdirSync(root, { mode: 0o711 })
}, 120_000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await world.end()
})

const SHOWS = `console.log('Go to https://vendor.example/device\\nABCD-1234')\n`
const WRITES = (contents: string) => `require('node:fs').writeFileSync(process.env.HOME + '/.scripted/login.json', ${contents})\n`
const UNTIL_KILLED = 'setInterval(() => {}, 1_000)\n'
let programs = 0

/** A harness whose login is this script; `mark` is found in the environment of its processes. */
function harnessOf(script: string, asks: GuidedSignIn['asks'] = 'confirm'): { harness: Harness; harnessDir: string; mark: string } {
  const harnessDir = join(folder, `program-${(programs += 1)}`)
  const mark = `SIGN_IN_TEST=${process.pid}-${programs}`
  mkdirSync(harnessDir)
  writeFileSync(join(harnessDir, 'login.cjs'), script)
  const signIn: GuidedSignIn = {
    asks,
    answer: asks === 'paste' ? /^\w+$/ : null,
    command: ({ nodePath, harnessDir: at }) => ({ command: nodePath, args: [`${at}/login.cjs`] }),
    hosts: [],
    pages: ['https://vendor.example/'],
    read: (output) => (output.includes('ABCD-1234\n') ? { url: 'https://vendor.example/device', userCode: 'ABCD-1234' } : null),
  }
  const [name, value] = mark.split('=') as [string, string]
  const harness: Harness = {
    ...scripted,
    env: (place) => ({ ...scripted.env(place), [name]: value }),
    accepts: scripted.accepts.map((each) => (each.kind === 'auth-file' ? { ...each, signIn } : each)),
  }
  return { harness, harnessDir, mark }
}

function begin(
  id: string,
  { harness, harnessDir }: ReturnType<typeof harnessOf>,
  onAsks: (answer: (text: string) => void) => void = () => {},
) {
  const ending = new AbortController()
  const shown = Promise.withResolvers<Extract<SignInEvent, { is: 'shown' }>>()
  const over = runSignIn({
    signInId: id,
    harness,
    surroundings: { ...world.surroundings, installHarness: async () => harnessDir },
    root,
    onShown: shown.resolve,
    onAsks,
    signal: ending.signal,
  })
  over.catch(() => {})
  return { shown: shown.promise, over, end: () => ending.abort() }
}

it('shows link and code, brings the login, and leaves no file', async () => {
  const program = harnessOf(SHOWS + WRITES(`JSON.stringify({ env: process.env, argv: process.argv })`))
  const signIn = begin('one', program)
  expect(await signIn.shown).toEqual({ is: 'shown', url: 'https://vendor.example/device', userCode: 'ABCD-1234' })
  const end = await signIn.over
  if (end.is !== 'finished') throw new Error(end.detail)
  const { env } = JSON.parse(end.contents) as { env: Record<string, string> }
  expect(Object.keys(env).filter((name) => scripted.proxyVariables.includes(name))).toEqual([])
  expect(env['HTTPS_PROXY']).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(readdirSync(root)).toEqual([])
  expect(processesWith(program.mark)).toEqual([])
})

it('gives the program what the person brought back, on its standard input', async () => {
  const program = harnessOf(
    `${SHOWS}process.stdin.once('data', (piece) => {${WRITES('JSON.stringify([String(piece), process.argv.length])')}process.exit()})`,
    'paste',
  )
  const signIn = begin('two', program, (answer) => answer('theCode'))
  expect(await signIn.over).toEqual({ is: 'finished', contents: JSON.stringify(['theCode\n', 2]) })
})

it('leaves neither process nor file when it is ended, whoever else is at it', async () => {
  const hanging = harnessOf(
    `${WRITES('"{}"')}${SHOWS}require('node:child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })\n${UNTIL_KILLED}`,
  )
  const other = harnessOf(`${SHOWS}process.stdin.once('data', () => {${WRITES('"{}"')}process.exit()})`, 'paste')
  const first = begin('three', hanging)
  let answerOther = (_: string): void => {}
  const second = begin('four', other, (answer) => (answerOther = answer))
  await Promise.all([first.shown, second.shown])
  expect(processesWith(hanging.mark).length).toBeGreaterThan(0)
  first.end()
  await expect(first.over).rejects.toMatchObject({ name: 'AbortError' })
  expect(processesWith(hanging.mark)).toEqual([])
  expect(existsSync(join(root, 'three'))).toBe(false)
  answerOther('go')
  expect(await second.over).toEqual({ is: 'finished', contents: '{}' })
})

it('says why it failed, and nothing that could be a secret', async () => {
  const program = harnessOf(`console.error('WARNING: no aliases\\nError logging in: the code was refused')\nprocess.exit(1)`)
  expect(await begin('five', program).over).toEqual({
    is: 'failed',
    code: 'sign-in.failed',
    detail: 'Error logging in: the code was refused',
  })
  const silent = harnessOf(SHOWS)
  expect(await begin('six', silent).over).toMatchObject({ is: 'failed', code: 'sign-in.failed' })
  expect(lastWords(`refused: eyJhbGciOiJub25lIn0.eyJlbWFpbCI6InhAZXhhbXBsZSJ9.sig for ac_${'x'.repeat(40)}`)).toBe('refused: … for …')
})

it('takes no file that is a way to another one', async () => {
  writeFileSync(join(folder, 'secret.json'), '{"secret":true}', { mode: 0o644 })
  const program = harnessOf(`require('node:fs').symlinkSync('${join(folder, 'secret.json')}', process.env.HOME + '/.scripted/login.json')`)
  expect(await begin('seven', program).over).toMatchObject({ is: 'failed', code: 'sign-in.failed' })
})

it('reaches nobody who is not its vendor', async () => {
  const script = `
    const { request } = require('node:http')
    const proxy = new URL(process.env.HTTPS_PROXY)
    request({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: 'example.com:443' })
      .on('connect', ({ statusCode }) => { ${WRITES('JSON.stringify(statusCode)')} process.exit() })
      .end()`
  expect(await begin('eight', harnessOf(script)).over).toEqual({ is: 'finished', contents: '403' })
})
