/** A login file that its program rewrites: what is believed of it, and when it is told. */
import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChatId, RunId } from '#core/ids.ts'
import { LOGIN_MAX_BYTES } from '#core/links/daemon.ts'
import { changedLogin, digestOf, readLogin, watchLogin, type LoginPlace } from '#agent/login-watch.ts'

const run = {
  chatId: ChatId.parse('01890000-0000-7000-8000-000000000002'),
  runId: RunId.parse('01890000-0000-7000-8000-000000000001'),
  epoch: 3,
}
const path = '.claude/.credentials.json'
const isRoot = process.getuid?.() === 0
const uid = isRoot ? 4242 : process.getuid!()
let folder: string
let place: LoginPlace
let file: string

const write = (contents: string | Buffer, at = file): void => {
  writeFileSync(at, contents)
  if (isRoot) chownSync(at, uid, uid)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-login-'))
  const home = join(folder, 'home')
  mkdirSync(join(home, '.claude'), { recursive: true })
  place = { home, path, uid }
  file = join(home, path)
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a login file', () => {
  it('is read where it is a regular file of the run', async () => {
    write('{"token":"ü"}')
    expect(await readLogin(place)).toBe('{"token":"ü"}')
  })

  it('is not read through a link, neither of the file nor of a folder on the way', async () => {
    const elsewhere = join(folder, 'elsewhere')
    mkdirSync(elsewhere)
    write('{"secret":"of the daemon"}', join(elsewhere, '.credentials.json'))
    symlinkSync(join(elsewhere, '.credentials.json'), file)
    expect(await readLogin(place)).toBeNull()
    rmSync(join(place.home, '.claude'), { recursive: true })
    symlinkSync(elsewhere, join(place.home, '.claude'))
    expect(await readLogin(place)).toBeNull()
    expect(await readLogin({ ...place, home: join(folder, 'nowhere') })).toBeNull()
  })

  it('is not waited for where it is a pipe, and is no folder', async () => {
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', file])
    expect(await readLogin(place)).toBeNull()
    rmSync(file)
    mkdirSync(file)
    expect(await readLogin(place)).toBeNull()
  })

  it('is not read when it is too large, no text, or another’s', async () => {
    write(' '.repeat(LOGIN_MAX_BYTES))
    expect(await readLogin(place)).toHaveLength(LOGIN_MAX_BYTES)
    write(' '.repeat(LOGIN_MAX_BYTES + 1))
    expect(await readLogin(place)).toBeNull()
    write(Buffer.from([0x7b, 0xff, 0x7d]))
    expect(await readLogin(place)).toBeNull()
    writeFileSync(file, '{}')
    if (isRoot) {
      chownSync(file, 0, 0)
      expect(await readLogin(place)).toBeNull()
    }
  })
})

describe('a watch', () => {
  const given = '{"refresh":1}'
  /** Remembers what was told, and lets a test wait for the next. */
  function listener() {
    const told: string[] = []
    let heard = Promise.withResolvers<void>()
    return {
      told,
      next: () => heard.promise,
      tell: async (of: unknown, contents: string) => {
        expect(of).toEqual(run)
        told.push(contents)
        heard.resolve()
        heard = Promise.withResolvers<void>()
        return { is: 'kept' } as const
      },
    }
  }

  it('tells each change once, never what was given, and never half a file', async () => {
    const { told, next, tell } = listener()
    write(given)
    const watch = watchLogin({ place, run, given, tell, lookEveryMs: 2 })
    write('{"refresh":2')
    const second = next()
    write('{"refresh":2}')
    await second
    const third = next()
    write('{"refresh":3}')
    await third
    expect(await watch.settle()).toBe(true)
    expect(told).toEqual(['{"refresh":2}', '{"refresh":3}'])
  })

  it('looks once more at the end, and says nothing of a file that is gone', async () => {
    const { told, tell } = listener()
    write(given)
    const watch = watchLogin({ place, run, given, tell, lookEveryMs: 60_000 })
    write('{"refresh":2}')
    expect(await watch.settle()).toBe(true)
    expect(told).toEqual(['{"refresh":2}'])
    rmSync(file)
    expect(await watchLogin({ place, run, given, tell, lookEveryMs: 60_000 }).settle()).toBe(true)
    expect(told).toHaveLength(1)
  })

  it('tells again what the server could not decide about, and the newest of it', async () => {
    const replies = [{ is: 'later', code: 'request.too-many' } as const, { is: 'later', code: 'provider.unreachable' } as const]
    const told: string[] = []
    const twice = Promise.withResolvers<void>()
    const tell = (_of: unknown, contents: string) => {
      told.push(contents)
      if (told.length === 2) twice.resolve()
      return Promise.resolve(replies.shift() ?? ({ is: 'kept' } as const))
    }
    write('{"refresh":2}')
    const watch = watchLogin({ place, run, given, tell, lookEveryMs: 2 })
    await twice.promise
    expect(await watch.settle()).toBe(true)
    expect(told).toEqual(['{"refresh":2}', '{"refresh":2}', '{"refresh":2}'])
  })

  it('repeats itself at the end too, and says when the server could not decide in time', async () => {
    const replies = [{ is: 'later', code: 'provider.unreachable' } as const]
    const tell = () => Promise.resolve(replies.shift() ?? ({ is: 'refused', code: 'login.other-account' } as const))
    write('{"refresh":2}')
    expect(await watchLogin({ place, run, given, tell, lookEveryMs: 60_000, settleMs: 5 }).settle()).toBe(false)
    replies.push({ is: 'later', code: 'provider.unreachable' })
    const patient = watchLogin({ place, run, given, tell, lookEveryMs: 2, settleMs: 60_000 })
    expect(await patient.settle()).toBe(true)
    expect(replies).toEqual([])
  })

  it('gives up on a server that does not answer, and says so', async () => {
    write('{"refresh":2}')
    const never = () => new Promise<never>(() => {})
    expect(await watchLogin({ place, run, given, tell: never, lookEveryMs: 60_000, settleMs: 5 }).settle()).toBe(false)
    const fails = () => Promise.reject(new Error('the uplink is closed'))
    expect(await watchLogin({ place, run, given, tell: fails, lookEveryMs: 60_000 }).settle()).toBe(false)
  })

  it('says of which the server has decided, so that nobody tells it again', async () => {
    const decided: string[] = []
    const replies = [{ is: 'later', code: 'request.too-many' } as const]
    const tell = () => Promise.resolve(replies.shift() ?? ({ is: 'kept' } as const))
    write('{"refresh":2}')
    const watch = watchLogin({ place, run, given, tell, onDecided: (digest) => decided.push(digest), lookEveryMs: 2, settleMs: 60_000 })
    expect(await watch.settle()).toBe(true)
    expect(decided).toEqual([digestOf('{"refresh":2}')])
    expect(await changedLogin(place, decided[0]!)).toBeNull()
    expect(await changedLogin(place, digestOf(given))).toBe('{"refresh":2}')
  })
})
