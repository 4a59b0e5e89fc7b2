import type { Node } from '#components/nodes/node-words.ts'
import { classNames } from '#components/ui/class-names.ts'
import { formatBytes } from '#components/ui/numbers.ts'
import { type Tone, toneMark } from '#components/ui/tone.ts'

/** What a machine has and how much of it is in use, as of its last word. */
export function NodeFacts({ node }: { node: Node }) {
  const { health, held, capacity } = node
  return (
    <dl className="grid grid-cols-2 gap-x-6 gap-y-3 border-t border-line px-4 py-3.5 sm:grid-cols-4 sm:px-5">
      <Fact name="Agents" value={`${held} of ${capacity}`} used={held / capacity} tone={held >= capacity ? 'busy' : 'good'} />
      {health ? (
        <>
          <Fact
            name="Memory"
            value={`${formatBytes(health.freeMemoryBytes)} free`}
            used={1 - health.freeMemoryBytes / Math.max(1, health.memoryBytes)}
          />
          <Fact
            name="Disk"
            value={`${formatBytes(health.freeDiskBytes)} free`}
            used={1 - health.freeDiskBytes / Math.max(1, health.diskBytes)}
            tone={node.condition === 'low-disk' ? 'warn' : 'good'}
          />
          <Fact
            name="Load"
            value={`${health.load.toFixed(1)} on ${health.cpus} ${health.cpus === 1 ? 'core' : 'cores'}`}
            used={health.load / health.cpus}
          />
        </>
      ) : null}
    </dl>
  )
}

function Fact({ name, value, used, tone = 'good' }: { name: string; value: string; used: number; tone?: Tone }) {
  const share = Math.min(1, Math.max(0, used))
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <dt className="text-xs text-ink-quiet">{name}</dt>
      <dd className="figures truncate text-sm text-ink">{value}</dd>
      {/* The words above say it: this only shows it. */}
      <span aria-hidden className="h-1 overflow-hidden rounded-full bg-hover">
        <span
          className={classNames('block h-full rounded-full', toneMark[share > 0.9 && tone === 'good' ? 'warn' : tone])}
          style={{ width: `${share * 100}%` }}
        />
      </span>
    </div>
  )
}
