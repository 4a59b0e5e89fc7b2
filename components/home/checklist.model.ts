import type { Outputs } from '#components/trpc/trpc.ts'

export type StepId = 'connection' | 'node' | 'project' | 'hello'
export type Step = { id: StepId; isDone: boolean }

type Facts = {
  connections: readonly Pick<Outputs['connections']['list'][number], 'resolution'>[]
  nodes: readonly Pick<Outputs['nodes']['list'][number], 'isOnline'>[]
  projectCount: number
  chatCount: number
}

/** The way from an empty house to a first answer. Empty once somebody has said hello: then nobody needs it any more. */
export function firstSteps({ connections, nodes, projectCount, chatCount }: Facts): Step[] {
  if (chatCount > 0) return []
  return [
    { id: 'connection', isDone: connections.some((each) => each.resolution.state === 'active') },
    { id: 'node', isDone: nodes.some((each) => each.isOnline) },
    { id: 'project', isDone: projectCount > 0 },
    { id: 'hello', isDone: false },
  ]
}

/** The one to do now; those after it wait. */
export const currentStep = (steps: readonly Step[]): StepId | null => steps.find((each) => !each.isDone)?.id ?? null

/** What stands over the home page: the state of things in one line. `taskCount` is of the reader's tasks that need them now. */
export function homeTitle(chats: readonly Pick<Outputs['chats']['list'][number], 'status'>[], taskCount = 0): string {
  const count = (status: string) => chats.filter((each) => each.status === status).length
  const waiting = count('waiting')
  const failed = count('failed')
  const running = count('running')
  if (waiting > 0) return waiting === 1 ? 'One chat needs you' : `${waiting} chats need you`
  if (taskCount > 0) return taskCount === 1 ? 'One task needs you' : `${taskCount} tasks need you`
  if (failed > 0) return failed === 1 ? 'One chat failed' : `${failed} chats failed`
  if (running > 0) return running === 1 ? 'One agent is at work' : `${running} agents are at work`
  return 'Nothing waits for you'
}
