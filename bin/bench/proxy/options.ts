/** What one may say behind `npm run bench -- proxy`. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError } from '#bin/bench/benchmark.ts'
import { groups, type Plan } from '#bin/bench/proxy/run.ts'
import { targetNames, type TargetName } from '#bin/bench/proxy/target.ts'

const usage = `npm run bench -- proxy [options]

  --targets a,b    of ${targetNames.join(', ')}; the first five when not said.
                   node: bare Node, which only passes on.
                   server: the main server, with the proxy in it. other: see --other.
  --other FOLDER   another checkout, whose proxy is measured beside ours: before and after
  --only a,b       of ${groups.join(', ')}; all when not said
  --rounds N       how often each target has its turn (3)
  --seconds N      how long a turn is (2)
  --minutes N      how long the steady load is that shows whether memory stays flat (a third of one; 10 to be sure)
  --profile FOLDER has our proxy write a CPU profile there (for a browser's developer tools)
  --json FILE      writes every single measurement there`

export type Options = { targets: TargetName[]; other: string | null; plan: Plan; jsonFile: string | null; profileFolder: string | null }

/** @throws UsageError, which says what there is to choose from */
export function readOptions(args: string[]): Options {
  const { values } = parseArguments(args)
  const targets = listed(values.targets ?? 'direct,nginx,node,portkey,gatehouse', targetNames)
  if (values.other !== undefined && !targets.includes('other')) targets.push('other')
  if (targets.includes('other') && values.other === undefined) throw new UsageError('--other FOLDER says which checkout the other one is.')
  const positive = (text: string | undefined, byDefault: number, most: number) => {
    const value = text === undefined ? byDefault : Number(text)
    if (!(value > 0 && value <= most)) throw new UsageError(usage)
    return value
  }
  return {
    targets,
    other: values.other === undefined ? null : resolve(values.other),
    jsonFile: values.json ?? null,
    profileFolder: values.profile === undefined ? null : resolve(values.profile),
    plan: {
      groups: listed(values.only ?? groups.join(','), groups),
      rounds: Math.round(positive(values.rounds, 3, 100)),
      seconds: positive(values.seconds, 2, 60),
      maxRequests: 1_000_000,
      warmUp: { requests: 25_000, seconds: 10 },
      openStreams: 1_000,
      openStreamsSeconds: 5,
      steadySeconds: positive(values.minutes, 1 / 3, 24 * 60) * 60,
    },
  }
}

function listed<T extends string>(text: string, known: readonly T[]): T[] {
  const names = text.split(',')
  const found = known.filter((each) => names.includes(each))
  if (found.length !== names.length) throw new UsageError(usage)
  return found
}

function parseArguments(args: string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args,
      options: { targets: text, only: text, other: text, rounds: text, seconds: text, minutes: text, json: text, profile: text },
    })
  } catch {
    throw new UsageError(usage)
  }
}
