import type { Tone } from '#components/ui/tone.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type Node = Outputs['nodes']['list'][number]
export type Sandbox = NonNullable<Node['sandbox']>
export type HarnessOnNode = Node['harnesses'][number]

/** What each level of isolation means for somebody who lets an agent run. */
export const sandboxWords = {
  'uid-and-namespaces': {
    tone: 'good',
    word: 'Isolated',
    text: 'Each agent runs as a user of its own, in its own file system and network. It reaches the proxy and nothing else.',
  },
  namespaces: {
    tone: 'good',
    word: 'Isolated',
    text: 'Each agent runs in its own file system, processes and network. It reaches the proxy and nothing else.',
  },
  none: {
    tone: 'bad',
    word: 'Not isolated',
    text: 'This machine cannot isolate agents, so it runs none, unless whoever started it allowed that with GATEHOUSE_UNSAFE_NO_SANDBOX.',
  },
} as const satisfies Record<Sandbox['level'], { tone: Tone; word: string; text: string }>

type Condition = Node['condition']

/** How a node stands, in a word. */
export const conditionLooks = {
  ready: { tone: 'good', word: 'Ready' },
  full: { tone: 'busy', word: 'Full' },
  'no-sandbox': { tone: 'bad', word: 'No sandbox' },
  'low-disk': { tone: 'warn', word: 'Low disk' },
  draining: { tone: 'warn', word: 'Draining' },
  drained: { tone: 'quiet', word: 'Drained' },
  offline: { tone: 'quiet', word: 'Offline' },
  'other-version': { tone: 'warn', word: 'Other version' },
  foreign: { tone: 'bad', word: 'Version mismatch' },
  cloned: { tone: 'bad', word: 'Used in two places' },
  keyless: { tone: 'warn', word: 'Needs a key' },
} as const satisfies Record<Condition, { tone: Tone; word: string }>

type Advice = { tone: Tone; text: string; act: 'undrain' | 'renew-key' | null }

/** What a state that is worth a sentence means, and the one act that ends it; null for a node that just works. */
export function adviceOf(node: Pick<Node, 'condition' | 'held' | 'isLocal' | 'version' | 'sandbox'>): Advice | null {
  switch (node.condition) {
    case 'ready':
    case 'full':
    case 'offline':
      return null
    case 'no-sandbox':
      return {
        tone: 'bad',
        text: `No sandbox: ${node.sandbox?.reason ?? 'it is not known why.'} Nothing runs here until that is mended and the daemon started again; chats go elsewhere.`,
        act: null,
      }
    case 'low-disk':
      return { tone: 'warn', text: 'Little disk is left. What lies here goes on; new chats go elsewhere.', act: null }
    case 'draining':
      return {
        tone: 'warn',
        text: `No new work. ${node.held === 1 ? 'One chat is' : `${node.held} chats are`} still here: turns end by themselves.`,
        act: 'undrain',
      }
    case 'drained':
      return { tone: 'good', text: 'Drained: safe to stop. It gets no work until you end the drain.', act: 'undrain' }
    case 'other-version':
      return {
        tone: 'warn',
        text: `It runs Gatehouse ${node.version}, which is not this server’s release. Update it when you can.`,
        act: null,
      }
    case 'foreign':
      return { tone: 'bad', text: 'Its Gatehouse and this server’s do not understand each other. Update the older of the two.', act: null }
    case 'cloned':
      return {
        tone: 'bad',
        text: 'This identity is used in two places: its data folder was copied, or its key stolen. Neither gets any work, and what ran there was stopped. Give the right machine a new key; the other one is then locked out.',
        act: 'renew-key',
      }
    case 'keyless':
      return node.isLocal
        ? { tone: 'warn', text: 'Its key was withdrawn. It gets a new one by itself when this server is started again.', act: null }
        : { tone: 'warn', text: 'No machine speaks for it. Run the join command on the one that should.', act: 'renew-key' }
  }
}

/** "gpu, eu": as it is typed. */
export const labelsIn = (typed: string): string[] => typed.split(/[\s,]+/).filter(Boolean)

type HarnessLook = { tone: Tone; word: string; act: 'Install' | 'Try again' | null }

/** Beside its version: what the server would have, and what else lies on the disk. */
export function versionNote({ version, pinned, onDisk }: Pick<HarnessOnNode, 'version' | 'pinned' | 'onDisk'>): string | null {
  const others = onDisk.filter((each) => each !== version)
  const notes = [
    pinned !== null && pinned !== version ? `the server pins ${pinned}` : null,
    others.length > 0 ? `also on disk: ${others.join(', ')}` : null,
  ]
  return notes.filter((note) => note !== null).join('; ') || null
}

/** The state of a harness on a node, and what can be done about it. */
export function harnessLook({ state, fraction }: Pick<HarnessOnNode, 'state' | 'fraction'>): HarnessLook {
  switch (state) {
    case 'installed':
      return { tone: 'good', word: 'Installed', act: null }
    case 'installing':
      return { tone: 'busy', word: fraction === null ? 'Installing' : `Installing, ${Math.round(fraction * 100)} %`, act: null }
    case 'failed':
      return { tone: 'bad', word: 'Could not be installed', act: 'Try again' }
    case 'absent':
      return { tone: 'quiet', word: 'Not installed', act: 'Install' }
  }
}
