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

type HarnessLook = { tone: Tone; word: string; act: 'Install' | 'Try again' | null }

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
