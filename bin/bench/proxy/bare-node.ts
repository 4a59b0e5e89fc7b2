/** Node that only passes on: what is left of our own cost when everything that is ours is taken away. */
import { answerOf, startHelper, stop } from '#bin/bench/children.ts'
import { familyOf } from '#bin/bench/process-cost.ts'
import type { Target } from '#bin/bench/proxy/target.ts'

export async function startBareNode(stubPort: number): Promise<Target> {
  const { child } = await startHelper('bin/bench/proxy/bare-process.ts')
  child.send(stubPort)
  const port = (await answerOf(child)) as number
  return {
    name: 'node',
    version: process.version,
    calls: [{ port, path: '/v1/chat/completions', headers: { authorization: 'Bearer gatehouse' } }],
    pids: () => familyOf(child.pid!),
    besidesPids: () => [],
    isDone: async () => true,
    stop: () => stop(child),
  }
}
