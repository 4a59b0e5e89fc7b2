/** Why a chat waits for a node, as people read it. */
import type { WaitReason } from '#core/nodes/placement.ts'

export type WaitWords = {
  words: string
  note: string | null
  /** The person may go on without what lies on the node. */
  mayLeave: boolean
}

export function waitWords(reason: WaitReason): WaitWords {
  switch (reason.is) {
    case 'no-node':
      return { words: 'No node is online', note: null, mayLeave: false }
    case 'no-label':
      return {
        words: `No node with ${reason.labels.length === 1 ? 'label' : 'labels'} ${listed(reason.labels)} is online`,
        note: null,
        mayLeave: false,
      }
    case 'no-disk':
      return { words: 'No node has enough disk left', note: null, mayLeave: false }
    case 'draining':
      return { words: 'Every node is being drained', note: null, mayLeave: false }
    case 'no-sandbox':
      return { words: 'No node can isolate agents', note: 'The Nodes page says what is missing', mayLeave: false }
    case 'full':
      return { words: 'All nodes are full', note: place(reason.position), mayLeave: false }
    case 'workspace':
      return workspaceWords(reason)
  }
}

function workspaceWords(reason: Extract<WaitReason, { is: 'workspace' }>): WaitWords {
  switch (reason.because) {
    case 'offline':
      return { words: 'Disconnected, will resume', note: `Waiting for ${reason.node} to come back`, mayLeave: true }
    case 'cut':
      return { words: `${reason.node} may not work now`, note: 'An admin has to give it a new key', mayLeave: true }
    case 'draining':
      return { words: `${reason.node} is being drained`, note: 'The workspace lies there', mayLeave: true }
    case 'no-sandbox':
      return { words: `${reason.node} cannot isolate agents`, note: 'The workspace lies there', mayLeave: true }
    case 'full':
      return { words: `${reason.node} is full`, note: `${place(reason.position)}; the workspace lies there`, mayLeave: true }
  }
}

const listed = (labels: readonly string[]): string => labels.join(' and ')
const endings = ['th', 'st', 'nd', 'rd'] as const
const place = (position: number): string => {
  const isTeen = Math.floor((position % 100) / 10) === 1
  return `${position}${isTeen ? 'th' : (endings[position % 10] ?? 'th')} in line`
}
