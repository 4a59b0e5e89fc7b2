/** The secret of a webhook: where it is sealed, and whether a call was signed with it. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { signedText } from '#core/tasks/trigger.ts'
import type { TriggerId } from '#core/ids.ts'
import { vault, type Place } from '#server/connections/vault.ts'
import type { HookRow } from '#server/tasks/trigger-store.ts'

export const placeOfSecret = ({ triggerId, teamId }: { triggerId: TriggerId; teamId: string }): Place => ({
  table: 'task_trigger',
  rowId: triggerId,
  teamId,
  field: 'sealed',
})

/** `signatures` as the header has them: `v1,<base64>`, several after spaces while a caller changes its secret. */
export type SignedCall = { deliveryId: string; timestamp: string; signatures: string; body: string }

/** What is not there is compared too, with a secret of nobody's: how long it takes says nothing. */
export function isSigned(triggerId: TriggerId, hook: HookRow | null, { signatures, ...call }: SignedCall): boolean {
  const opened = hook && vault().open(placeOfSecret({ triggerId, teamId: hook.teamId }), hook)
  const secret = opened?.is === 'open' ? Buffer.from(opened.text.slice('whsec_'.length), 'base64') : nobodys
  const expected = createHmac('sha256', secret).update(signedText(call)).digest()
  const matches = signatures.split(' ', SIGNATURES_MAX).filter((each) => {
    const given = Buffer.from(each.startsWith('v1,') ? each.slice(3) : '', 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  return matches.length > 0 && secret !== nobodys
}

const nobodys = randomBytes(32)
const SIGNATURES_MAX = 8
