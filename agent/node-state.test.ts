/** What a node says of its sandbox: the server gives chats by it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readDaemonEnv } from '#agent/env.ts'
import { nodeState } from '#agent/node-state.ts'
import type { probeSandbox } from '#agent/sandbox/probe.ts'

const home = mkdtempSync(join(tmpdir(), 'gatehouse-state-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

function stateWith(found: Awaited<ReturnType<typeof probeSandbox>>) {
  const reported: boolean[] = []
  const env = { ...readDaemonEnv({ ...process.env, GATEHOUSE_HOME: home }), url: 'http://localhost', proxyUrl: 'http://localhost' }
  const state = nodeState(
    env,
    [],
    () => reported.push(state.sandboxReport().isMissing ?? false),
    () => Promise.resolve(found),
  )
  return { state, reported }
}

it('says that it has no sandbox once it has looked, and not while it looks', async () => {
  const { state, reported } = stateWith({ missing: 'namespaces', reason: 'This machine does not let bubblewrap make a sandbox.' })
  expect(state.sandboxReport()).toMatchObject({ level: 'none', isMissing: false })
  await state.begin()
  expect(state.sandboxReport()).toEqual({
    level: 'none',
    reason: 'This machine does not let bubblewrap make a sandbox.',
    isMissing: true,
  })
  expect(reported.at(-1)).toBe(true)
})

it('says nothing of the kind where its owner lets agents run without one', async () => {
  const { state } = stateWith({ method: null, report: { level: 'none', reason: 'The owner switched the sandbox off.' } })
  await state.begin()
  expect(state.sandboxReport().isMissing ?? false).toBe(false)
})
