/**
 * Who pays for a chat, and who may spend it. A chat runs on what its creator's connections resolve to, whoever
 * prompts. A creator's personal credential is prompted by its creator alone, unless it is an API key that they share; a
 * native login of any scope is prompted by its owner alone.
 * Asked before a prompt is queued, so that it stays in the composer, and again when its run starts.
 */
import type { ChatId, CredentialId, UserId } from '#core/ids.ts'
import { DomainError, type FailureCode, type FailureFacts } from '#core/errors.ts'
import { allows } from '#core/models/catalog.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import { modelQueryOf, resolveFor, resolveForChat, type Payer } from '#server/connections/resolver.ts'
import { findChatPlace, findName } from '#server/chats/store.ts'

/** Where a chat stands for the resolver; `userId` is its creator. */
export type PayingPlace = Readonly<{ teamId: string; projectId: string; userId: string; harness: string; isHandedOver: boolean }>

/** `pin` is what a run that starts now would be bound to. */
export type PayerVerdict =
  | { ok: true; payer: Payer; pin: { credentialId: CredentialId; credentialVersion: number } }
  | { ok: false; code: FailureCode; facts: FailureFacts }

export async function judgePayer(place: PayingPlace, { by, model }: { by: UserId; model: string | null }): Promise<PayerVerdict> {
  const resolved = await resolveForChat(place)
  if (!resolved.ok) return { ok: false, code: resolved.code, facts: resolved.facts }
  const { payer, loginOf, credentialId, credentialVersion } = resolved
  // Whoever had it before may have left something in the workspace that waits for a login to come by.
  if (loginOf !== null && place.isHandedOver) return { ok: false, code: 'chat.handed-over', facts: { harness: harnessName(place.harness) } }
  // A login shows itself to whoever prompts, and to whoever has prepared the workspace before.
  const isOthersLogin = loginOf !== null && (by !== loginOf || place.userId !== loginOf)
  const isOthersKey = payer.scope === 'user' && by !== place.userId && !payer.isShared
  if (isOthersLogin || isOthersKey) {
    const ownerName = await findName(loginOf ?? place.userId)
    return { ok: false, code: 'connection.not-yours', facts: { harness: harnessName(place.harness), ...(ownerName && { ownerName }) } }
  }
  const refusal = model === null ? null : await whyNotModel(place, model)
  return refusal ?? { ok: true, payer, pin: { credentialId, credentialVersion } }
}

/** @throws whatever keeps this person from prompting in the chat as it stands */
export async function demandPayer(place: PayingPlace, asked: { by: UserId; model: string | null }): Promise<Payer> {
  const verdict = await judgePayer(place, asked)
  if (!verdict.ok) throw new DomainError(verdict.code, verdict.facts)
  return verdict.payer
}

/** Null when the model is one that the proxy would let through, or when nobody can tell. */
async function whyNotModel(place: PayingPlace, model: string): Promise<Extract<PayerVerdict, { ok: false }> | null> {
  const found = await resolveFor(place, place.harness)
  const query = found?.resolution.ok ? await modelQueryOf(place.teamId, found.harness, found.resolution) : null
  const verdict = query ? allows(query, model) : null
  return !verdict || verdict.ok ? null : { ok: false, code: verdict.code, facts: { model, successor: verdict.successor } }
}

/** Null when the chat is gone. */
export async function payingPlaceOf(chatId: ChatId): Promise<(PayingPlace & { model: string | null }) | null> {
  return findChatPlace(chatId)
}
