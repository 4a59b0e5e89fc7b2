import { describe, expect, it } from 'vitest'
import { planSignIn } from '#core/connections/sign-in-plan.ts'
import {
  isOver,
  lapseOf,
  SIGN_IN_MS,
  signInStates,
  SILENT_AFTER_MS,
  TAKEN_WITHIN_MS,
  UNWATCHED_AFTER_MS,
} from '#core/connections/sign-in.ts'
import { place } from '#core/connections/testing.ts'
import { harnesses } from '#core/harnesses/registry.ts'

const created = new Date('2026-01-01T00:00:00Z')
const after = (ms: number) => new Date(created.getTime() + ms)
const row = { createdAt: created, expiresAt: after(SIGN_IN_MS), toldAt: null, watchedAt: created }

describe('what time makes of a sign-in', () => {
  const told = (ms: number) => ({ toldAt: after(ms), watchedAt: after(ms) })
  it.each([
    ['waits for a node', { state: 'waiting-for-node' }, TAKEN_WITHIN_MS, null],
    ['no node came', { state: 'waiting-for-node', watchedAt: after(TAKEN_WITHIN_MS) }, TAKEN_WITHIN_MS + 1, ['failed', 'node.offline']],
    ['is begun', { state: 'starting', ...told(5_000) }, 5_000 + SILENT_AFTER_MS, null],
    ['its node went away', { state: 'starting', ...told(5_000) }, 5_001 + SILENT_AFTER_MS, ['failed', 'node.offline']],
    ['its node went away later', { state: 'waiting-for-person', ...told(90_000) }, 90_001 + SILENT_AFTER_MS, ['failed', 'node.offline']],
    ['waits for the person', { state: 'waiting-for-person', ...told(SIGN_IN_MS - 1) }, SIGN_IN_MS - 1, null],
    ['nobody confirmed', { state: 'waiting-for-person', ...told(SIGN_IN_MS - 1) }, SIGN_IN_MS, ['expired', 'sign-in.too-late']],
    ['nobody watches', { state: 'waiting-for-person', toldAt: after(UNWATCHED_AFTER_MS) }, UNWATCHED_AFTER_MS + 1, ['cancelled', null]],
    ['a phone is away', { state: 'waiting-for-person', toldAt: after(UNWATCHED_AFTER_MS) }, UNWATCHED_AFTER_MS, null],
    ['is being stored', { state: 'connecting', ...told(SIGN_IN_MS) }, SIGN_IN_MS + 1_000, null],
    ['was never stored', { state: 'connecting', ...told(0) }, SILENT_AFTER_MS + 1, ['failed', 'sign-in.failed']],
  ] as const)('%s', (_, change, nowMs, expected) => {
    const lapse = lapseOf({ ...row, ...change }, after(nowMs))
    expect(lapse).toEqual(expected && { state: expected[0], failureCode: expected[1] })
  })

  it('changes nothing that is over', () => {
    const over = signInStates.filter(isOver)
    expect(over).toEqual(['connected', 'failed', 'cancelled', 'expired'])
    for (const state of over) expect(lapseOf({ ...row, state }, after(10 * SIGN_IN_MS))).toBeNull()
  })
})

describe.each(harnesses)('the plan for $id', (harness) => {
  it('has the way out of a login, and nothing of a proxy', () => {
    const plan = planSignIn(harness, place)
    if (!plan) return expect(harness.accepts.every((each) => each.kind !== 'auth-file' || each.signIn === null)).toBe(true)
    const names = Object.keys(plan.env)
    expect(names.filter((name) => harness.proxyVariables.includes(name))).toEqual([])
    expect(names.filter((name) => /KEY|TOKEN|BASE_URL/.test(name))).toEqual([])
    expect(plan.env['HTTPS_PROXY']).toBe(new URL(place.proxyOrigin).origin)
    expect([plan.command, ...plan.args].some((part) => part.startsWith(`${place.harnessDir}/node_modules/`))).toBe(true)
    expect(plan.signIn.hosts.every((host) => host.endsWith(':443'))).toBe(true)
    expect(plan.signIn.pages.every((page) => /^https:\/\/[\w.-]+\/$/.test(page))).toBe(true)
  })
})
