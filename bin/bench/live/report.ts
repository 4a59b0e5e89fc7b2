/** The run in words and columns for a terminal. */
import { loadAverage } from '#bin/bench/machine.ts'
import { judgeAims } from '#bin/bench/live/aims.ts'
import type { Measured } from '#bin/bench/live/live.ts'
import { spreadOf } from '#bin/bench/statistics.ts'
import { number, table } from '#bin/bench/table.ts'

export function report(measured: Measured): string {
  const { plan, applied, painted, frames, events, delivered, live, tookMs, costs, appending } = measured
  const seconds = tookMs / 1_000
  const row = (name: string, values: readonly number[]) => {
    const { p50, p90, p99, max } = spreadOf(values)
    return [name, String(values.length), ...[p50, p90, p99, max].map((each) => number(each, ' ms'))]
  }
  const cores = (part: string) => (costs.find((each) => each.part === part)?.ms ?? 0) / tookMs
  const ours = cores('server') + cores('PostgreSQL')
  return [
    `Load average after: ${loadAverage()}`,
    `${plan.chats} chats, each an agent that says a piece every ${plan['every-ms']} ms; ${plan.viewers} viewers, ${plan.pages} of them pages in Chromium; ${Math.round(seconds)} s.
${live} of ${plan.viewers - plan.pages} viewers without a screen followed to the end.`,
    `From the agent's piece\n${table([['', 'pieces', 'p50', 'p90', 'p99', 'max'], row('applied by a viewer', applied), row('painted by a page', painted)])}`,
    `Frames of the pages: ${frames.frames}, of which ${number((100 * frames.longFrames) / Math.max(1, frames.frames), ' %')} took longer than two; the longest ${number(frames.longestFrameMs, ' ms')}.`,
    `Events\n${table([
      ['', 'a second', 'a second and core'],
      ['stored', number(events / seconds), number(events / seconds / ours)],
      ['delivered to viewers without a screen', number(delivered / seconds), number(delivered / seconds / ours)],
    ])}`,
    `Cores\n${table([['', 'cores'], ...costs.map(({ part }) => [part, number(cores(part))])])}`,
    `The append alone\n${table([
      ['', 'facts a second', 'a batch'],
      ...appending.map(({ chats, perBatch, perSecond, batchMs }) => [`${chats} × ${perBatch}`, number(perSecond), number(batchMs, ' ms')]),
    ])}`,
    `A core is one of server and PostgreSQL; agents, daemon, viewers and pages share the machine with them.`,
    table([
      ['aims', 'aim', 'measured', ''],
      ...judgeAims(painted).map(({ says, limit, value, isMet }) => [
        says,
        number(limit, ' ms'),
        number(value, ' ms'),
        isMet ? 'met' : 'missed',
      ]),
    ]),
  ].join('\n\n')
}
