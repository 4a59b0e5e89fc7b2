/**
 * `node --import ./e2e/chaos/preload.ts …`: loads the product with the edits of `edits.ts`, and gives them `loses`.
 * CHAOS_MUTATION names a broken rule; CHAOS_LOSSES a file that says what gets lost, `{"request":0.1,…}`; CHAOS_SEED the chance.
 */
import { readFileSync, statSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { edited, editsOf, isMutation } from '#e2e/chaos/edits.ts'
import { readLosses, type Loss, type Losses } from '#e2e/chaos/losses.ts'
import { randomFrom } from '#e2e/chaos/random.ts'

const root = resolve(import.meta.dirname, '../..')
const { CHAOS_MUTATION: mutation = '', CHAOS_LOSSES: lossFile, CHAOS_SEED: seed = '' } = process.env
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
Object.assign(globalThis, { loses })

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context)
    const path = url.startsWith('file:') ? fileURLToPath(url) : ''
    const file = relative(root, path)
    return files.has(file) ? { ...loaded, source: edited(readFileSync(path, 'utf8'), file, edits) } : loaded
  },
})
