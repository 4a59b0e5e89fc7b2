import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { daemonOf, lockHome } from '#agent/home-lock.ts'

/** What happens before the next thing that is done with a file. */
const before = vi.hoisted((): { file: () => void } => ({ file: () => {} }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const watched = (name: 'linkSync' | 'openSync' | 'readFileSync' | 'renameSync' | 'rmSync' | 'writeFileSync') => ({
    [name]: (...said: unknown[]) => {
      before.file()
      return (fs[name] as (...said: unknown[]) => unknown)(...said)
    },
  })
  return {
    ...fs,
    ...watched('linkSync'),
    ...watched('openSync'),
    ...watched('readFileSync'),
    ...watched('renameSync'),
    ...watched('rmSync'),
    ...watched('writeFileSync'),
  }
})

let home: string
const file = (name: string): string => join(home, 'node', name)
const startedAt = (pid: number): string => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
}
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'home-lock-'))
  mkdirSync(join(home, 'node'))
})
afterEach(() => {
  before.file = () => {}
  rmSync(home, { recursive: true, force: true })
})

/** As another process does that lives. */
function lockElsewhere(): ReturnType<typeof lockHome> {
  const { pid, ppid } = process
  Object.defineProperty(process, 'pid', { value: ppid })
  try {
    return lockHome(home)
  } finally {
    Object.defineProperty(process, 'pid', { value: pid })
  }
}

it('lets one daemon have a home, and takes over what a killed one left', () => {
  const unlock = lockHome(home)
  // Ours is no other's; a number that belongs to another process by now is nobody's.
  expect(daemonOf(home)).toBeNull()
  unlock!()
  expect(readdirSync(join(home, 'node'))).toEqual([])
  for (const left of [`${process.ppid} 1`, '']) {
    writeFileSync(file('daemon.lock'), left)
    // Killed in the middle of taking over.
    writeFileSync(file('daemon.lock.over'), left)
    expect(daemonOf(home)).toBeNull()
    lockHome(home)!()
    expect(readdirSync(join(home, 'node'))).toEqual([])
  }
  writeFileSync(file('daemon.lock'), `${process.ppid} ${startedAt(process.ppid)}`)
  expect(daemonOf(home)).toBe(process.ppid)
  expect(lockHome(home)).toBeNull()
})

it.each([
  ['where there is none', null],
  ['that was left over', `${process.ppid} 1`],
])('lets one of two have a lock %s, wherever the other comes in between', (_, left) => {
  for (let at = 1, steps = at; steps >= at; at += 1) {
    if (left !== null) writeFileSync(file('daemon.lock'), left)
    steps = 0
    let other: ReturnType<typeof lockHome> = null
    before.file = () => {
      steps += 1
      if (steps !== at) return
      const { file: counting } = before
      before.file = () => {}
      other = lockElsewhere()
      before.file = counting
    }
    const own = lockHome(home)
    before.file = () => {}
    if (steps < at) other = lockElsewhere()
    expect([own, other].filter((unlock) => unlock !== null)).toHaveLength(1)
    const pid = own ? process.pid : process.ppid
    expect(readFileSync(file('daemon.lock'), 'utf8')).toBe(`${pid} ${startedAt(pid)}`)
    ;(own ?? other)!()
    expect(readdirSync(join(home, 'node'))).toEqual([])
  }
})
