/** A disk that takes no more, or breaks: nothing of what an agent has said is dropped. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { DaemonFact } from '#core/chat/events.ts'
import { ChatId, TurnId } from '#core/ids.ts'
import type { CallRequest, OutboxFact } from '#core/links/daemon.ts'
import { messageIdOf } from '#agent/acp/translate.ts'
import { deliver } from '#agent/delivery.ts'
import { openOutbox } from '#agent/outbox.ts'
import type { Call } from '#agent/uplink.ts'

const disk = vi.hoisted(() => ({ failure: null as { code: string; isTorn: boolean } | null }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  const fail = () => {
    throw Object.assign(new Error(disk.failure!.code), { code: disk.failure!.code })
  }
  return {
    ...fs,
    writeSync: (descriptor: number, bytes: Buffer, at: number) => {
      if (!disk.failure) return fs.writeSync(descriptor, bytes, at)
      // As the last free bytes of a disk are.
      if (disk.failure.isTorn) fs.writeSync(descriptor, bytes.subarray(0, 5))
      return fail()
    },
    ftruncateSync: (descriptor: number, size: number) => (disk.failure?.code === 'EIO' ? fail() : fs.ftruncateSync(descriptor, size)),
  }
})

const turnId = TurnId.parse('0199aaaa-0000-7000-8000-000000000001')
const said = (text: string): DaemonFact => ({ type: 'reply.appended', turnId, messageId: messageIdOf('m'), offset: 0, text })
let root: string
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'gatehouse-outbox-'))))
afterEach(() => {
  disk.failure = null
  rmSync(root, { recursive: true, force: true })
})

it.each([
  { code: 'ENOSPC', isTorn: true },
  { code: 'EIO', isTorn: true },
  { code: 'EIO', isTorn: false },
])('delivers from memory what a disk with $code did not take, and leaves a file without a gap', async (failure) => {
  const chatId = ChatId.parse(randomUUID())
  const outbox = openOutbox(root, chatId)
  outbox.begin(1)
  outbox.put(said('a'))
  expect(outbox.isKept()).toBe(true)
  disk.failure = failure
  outbox.put(said('b'))
  expect(outbox.isKept()).toBe(false)
  // There is room again, but a line behind a missing one would be taken for a gap.
  disk.failure = null
  outbox.put(said('c'))
  expect(outbox.isKept()).toBe(false)
  const left = openOutbox(root, chatId)
  expect(left.next()?.facts.map((each) => each.pseq)).toEqual([1])

  disk.failure = failure
  const stored: OutboxFact[] = []
  const call = (async (_: string, request: unknown) => {
    const { facts } = request as CallRequest<'append'>
    stored.push(...facts)
    return { is: 'acknowledged', pseq: facts.at(-1)!.pseq }
  }) as Call
  const delivery = deliver(outbox, call, { onAccepted: () => {}, onFenced: () => {} })
  delivery.kick()
  await delivery.drained()
  expect(stored).toEqual(['a', 'b', 'c'].map((text, at) => ({ pseq: at + 1, fact: said(text) })))
})
