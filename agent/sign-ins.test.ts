/** What a node does with several sign-ins at once; each of them is only played here (`sign-in.test.ts` has real ones). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { CallReply, CallRequest, DaemonCall } from '#core/links/daemon.ts'
import { realVendors } from '#agent/env.ts'
import type { SignInOptions } from '#agent/sign-in.ts'
import { guideSignIns } from '#agent/sign-ins.ts'

type Told = CallRequest<'tellSignIn'>
type End = { is: 'finished'; contents: string }
type Play = { options: SignInOptions; end: (contents: string) => void; given: string[] }

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })))

/** A server that gives every sign-in away, and says of each what `replies` says. */
function open({ hasSandbox = true }: { hasSandbox?: boolean } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-sign-ins-'))
  folders.push(folder)
  const taken: string[] = []
  const told: Told[] = []
  const plays = new Map<string, Play>()
  const replies = new Map<string, CallReply<'tellSignIn'>>()
  const waiters: (() => void)[] = []
  const stir = () => waiters.splice(0).forEach((wake) => wake())
  const tryCall = async <C extends DaemonCall>(call: C, request: CallRequest<C>): Promise<CallReply<C>> => {
    const { signInId } = request as CallRequest<'takeSignIn'>
    if (call === 'takeSignIn') taken.push(signInId)
    else told.push(request as Told)
    stir()
    const reply = call === 'takeSignIn' ? { is: 'yours', harness: 'codex' } : (replies.get(signInId) ?? { goOn: true, answer: null })
    return reply as CallReply<C>
  }
  const signIns = guideSignIns({
    uplink: { call: tryCall, tryCall },
    surroundings: {
      sandbox: () => (hasSandbox ? { report: { level: 'namespaces', reason: null }, method: null } : null),
      whyNoSandbox: () => '',
      installHarness: async () => '',
      workspacesRoot: folder,
      proxyUrl: 'http://127.0.0.1:9',
      serverUrl: 'http://127.0.0.1:9',
      vendors: realVendors,
    },
    root: join(folder, 'sign-ins'),
    run: (options) =>
      new Promise<End>((resolve, reject) => {
        const given: string[] = []
        options.onAsks((text) => {
          given.push(text)
          stir()
        })
        options.signal.addEventListener('abort', () => {
          reject(options.signal.reason as Error)
          stir()
        })
        plays.set(options.signInId, { options, given, end: (contents) => resolve({ is: 'finished', contents }) })
        stir()
      }),
  })
  const until = async <T>(look: () => T | undefined | false): Promise<T> => {
    for (;;) {
      const found = look()
      if (found) return found
      await new Promise<void>((resolve) => waiters.push(resolve))
    }
  }
  const eventsOf = (id: string) => told.filter((each) => each.signInId === id).map((each) => each.event)
  return {
    signIns,
    taken,
    told,
    plays,
    replies,
    until,
    eventsOf,
    hint: (signInId: string) => signIns.onHint({ hint: 'sign-in', signInId }),
  }
}

it('takes each once, however often it is hinted, and brings what it made', async () => {
  const { hint, taken, plays, until, eventsOf, signIns } = open()
  hint('a')
  hint('a')
  const play = await until(() => plays.get('a'))
  play.end('{}')
  await until(() => eventsOf('a').some((event) => event.is === 'finished'))
  expect(taken).toEqual(['a'])
  expect(eventsOf('a').at(-1)).toEqual({ is: 'finished', contents: '{}' })
  await signIns.stop()
})

it('hands an answer over once, although every reply carries it', async () => {
  const { hint, plays, replies, until, eventsOf, signIns } = open()
  hint('a')
  const play = await until(() => plays.get('a'))
  replies.set('a', { goOn: true, answer: 'code#state' })
  hint('a')
  await until(() => play.given.length > 0)
  hint('a')
  await until(() => eventsOf('a').length >= 2)
  replies.set('a', { goOn: true, answer: 'other#state' })
  hint('a')
  await until(() => play.given.length > 1)
  expect(play.given).toEqual(['code#state', 'other#state'])
  await signIns.stop()
})

it('ends the one that nobody waits for any more, and no other', async () => {
  const { hint, plays, replies, until, signIns, eventsOf } = open()
  for (const id of ['a', 'b', 'c']) hint(id)
  await until(() => plays.size === 3)
  signIns.onHint({ hint: 'sign-in-over', signInId: 'a' })
  replies.set('b', { goOn: false, answer: null })
  hint('b')
  await until(() => plays.get('a')!.options.signal.aborted && plays.get('b')!.options.signal.aborted)
  expect(plays.get('c')!.options.signal.aborted).toBe(false)
  expect(eventsOf('a')).toEqual([])
  await signIns.stop()
})

it('takes only so many, and none without a sandbox', async () => {
  const busy = open()
  for (const id of ['a', 'b', 'c', 'd', 'e']) busy.hint(id)
  await busy.until(() => busy.plays.size === 4)
  expect(busy.taken).toEqual(['a', 'b', 'c', 'd'])
  await busy.signIns.stop()
  const bare = open({ hasSandbox: false })
  bare.hint('a')
  expect(bare.taken).toEqual([])
})

it('says that it goes away', async () => {
  const { hint, plays, until, eventsOf, signIns, taken } = open()
  hint('a')
  await until(() => plays.get('a'))
  await signIns.stop()
  expect(eventsOf('a').at(-1)).toMatchObject({ is: 'failed', code: 'node.offline' })
  hint('b')
  expect(taken).toEqual(['a'])
})
