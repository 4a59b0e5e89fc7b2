/**
 * `node --import ./e2e/chaos/preload.ts …`: loads the product with the edits of `edits.ts`, and gives them `loses`.
 * CHAOS_MUTATION names a broken rule; CHAOS_LOSSES a file that says what gets lost, `{"request":0.1,…}`; CHAOS_SEED the chance;
 * CHAOS_DISK_FULL a file that says by being there that nothing more fits on the disk; CHAOS_CLOCK a clock on the wall that jumps.
 */
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { relative, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { edited, editsOf, isMutation } from '#e2e/chaos/edits.ts'
import { readLosses, type Loss, type Losses } from '#e2e/chaos/losses.ts'
import { randomFrom } from '#e2e/chaos/random.ts'

const root = resolve(import.meta.dirname, '../..')
const { CHAOS_MUTATION: mutation = '', CHAOS_LOSSES: lossFile, CHAOS_SEED: seed = '', CHAOS_DISK_FULL: fullFile, CHAOS_CLOCK } = process.env
const edits = editsOf(isMutation(mutation) ? mutation : null)
const files = new Set(edits.map((edit) => edit.file))
const random = randomFrom(seed)
let known: { stamp: number; losses: Losses } = { stamp: 0, losses: {} }

function losses(): Losses {
  if (!lossFile) return {}
  const stamp = statSync(lossFile, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (stamp !== known.stamp) known = { stamp, losses: readLosses(readFileSync(lossFile, 'utf8')) }
  return known.losses
}

/** Only what carries facts gets lost: the other calls are made again by the same code. */
function loses(what: Loss, call: string, input: unknown): boolean {
  if (what !== 'hint' && call !== 'append') return false
  const { request = 0, acknowledgement = 0, hint = 0, acceptance = 0 } = losses()
  const isAcceptance = what === 'request' && acceptance > 0 && JSON.stringify(input).includes('"turn.accepted"')
  return random.chance(isAcceptance ? acceptance : { request, acknowledgement, hint }[what])
}
/** A commit that is held up. */
async function dawdles(): Promise<void> {
  if (random.chance(losses().slowCommit ?? 0)) await pause(random.between(50, 1_000), undefined, { ref: false })
}

/** @throws as a full disk does */
function takes(): void {
  if (fullFile && existsSync(fullFile)) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
}

/** Written whatever the disk says, since it stands for a file that would be gone. */
const attest = (file: string, line: object): void => appendFileSync(file, `${JSON.stringify(line)}\n`)

Object.assign(globalThis, { loses, dawdles, takes, attest })

/** As over a change of the clocks, or with a time server that cannot decide. */
if (CHAOS_CLOCK) {
  const now = Date.now
  let offsetMs = 0
  let untilMs = 0
  Date.now = () => {
    if (performance.now() > untilMs) {
      untilMs = performance.now() + random.between(10_000, 30_000)
      offsetMs = random.pick([-3_600_000, 0, 3_600_000])
    }
    return now() + offsetMs
  }
}

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    const path = url.startsWith('file:') ? fileURLToPath(url) : ''
    const file = relative(root, path)
    return files.has(file) ? { ...loaded, source: edited(readFileSync(path, 'utf8'), file, edits) } : loaded
  },
})
