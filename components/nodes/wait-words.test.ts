import { expect, it } from 'vitest'
import type { WaitReason } from '#core/nodes/placement.ts'
import { waitWords } from '#components/nodes/wait-words.ts'

const said = (reason: WaitReason) => {
  const { words, note } = waitWords(reason)
  return note === null ? words : `${words}: ${note}`
}

it.each<[WaitReason, string]>([
  [{ is: 'no-node' }, 'No node is online'],
  [{ is: 'no-label', labels: ['gpu'] }, 'No node with label gpu is online'],
  [{ is: 'no-label', labels: ['eu', 'gpu'] }, 'No node with labels eu and gpu is online'],
  [{ is: 'full', position: 2 }, 'All nodes are full: 2nd in line'],
  [{ is: 'full', position: 11 }, 'All nodes are full: 11th in line'],
  [{ is: 'full', position: 23 }, 'All nodes are full: 23rd in line'],
  [{ is: 'no-sandbox' }, 'No node can isolate agents: The Nodes page says what is missing'],
  [{ is: 'workspace', node: 'attic', because: 'no-sandbox' }, 'attic cannot isolate agents: The workspace lies there'],
  [{ is: 'workspace', node: 'attic', because: 'offline' }, 'Disconnected, will resume: Waiting for attic to come back'],
  [{ is: 'workspace', node: 'attic', because: 'full', position: 1, movesInMs: 0 }, 'attic is full: 1st in line; the workspace lies there'],
])('says %j', (reason, words) => expect(said(reason)).toBe(words))

it('offers to go on elsewhere where a workspace is what is waited for', () => {
  expect(waitWords({ is: 'workspace', node: 'attic', because: 'draining' }).mayLeave).toBe(true)
  expect(waitWords({ is: 'full', position: 1 }).mayLeave).toBe(false)
})
