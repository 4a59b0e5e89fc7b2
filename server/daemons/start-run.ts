/**
 * Grants a run: which credential it pins, how that reaches the harness, what it may ask for. Everything is proved
 * again here, since hours may lie between a prompt and its run. A refusal is an answer: the daemon ends the turn
 * with its code, and the person reads the sentence for it.
 * From: `gateway.ts`. Next: `agent/launch/`, which plans and starts the program.
 */
import type { ChatId, NodeId, RunId } from '#core/ids.ts'
import type { FailureCode, FailureFacts } from '#core/errors.ts'
import type { DeliveryGrant, RunGrant } from '#core/links/daemon.ts'
import { mayInTeam } from '#server/access/acts.ts'
import { judgePayer } from '#server/chats/service.ts'
import { grantDelivery, type UntokenedDelivery } from '#server/connections/resolver.ts'
import { findRunPlace, insertRun } from '#server/daemons/run-store.ts'
import { env } from '#server/env.ts'
import { mintWstoken } from '#server/proxy/token.ts'

type Started = { ok: true; grant: RunGrant } | { ok: false; code: FailureCode; facts: FailureFacts }

const refuse = (code: FailureCode, facts: FailureFacts = {}): Started => ({ ok: false, code, facts })

export async function startRun(
  nodeId: NodeId,
  { chatId, epoch, runId }: { chatId: ChatId; epoch: number; runId: RunId },
): Promise<Started> {
  const place = await findRunPlace(nodeId, { chatId, epoch })
  // The lease has moved on; the daemon will learn that from its next call, and starts nothing.
  if (!place) return refuse('chat.missing')
  const { promptBy, promptByRole, model } = place
  if (promptBy) {
    if (!promptByRole || !mayInTeam(promptByRole, 'prompt')) return refuse('access.denied')
    const verdict = await judgePayer(place, { by: promptBy, model })
    if (!verdict.ok) return refuse(verdict.code, verdict.facts)
  }
  const granted = await grantDelivery(place)
  if (!granted.ok) return refuse(granted.code, granted.facts)

  const { credentialId, credentialVersion, settings } = granted
  const { delivery, wstokenHash } = withToken(granted.delivery)
  const isNew = await insertRun({
    runId,
    chatId,
    nodeId,
    epoch,
    harness: place.harness,
    provider: delivery.via === 'proxy' ? delivery.provider : null,
    dialect: delivery.via === 'proxy' ? delivery.dialect : null,
    credentialId,
    credentialVersion,
    wstokenHash,
  })
  // An id that another run has had: nothing is granted twice.
  if (!isNew) return refuse('harness.start-failed')
  const { projectId, harness, repositoryUrl, instructions, agentSessionId } = place
  return {
    ok: true,
    grant: {
      runId,
      chatId,
      projectId,
      harness,
      delivery,
      credentialId,
      credentialVersion,
      model,
      settings: Object.fromEntries(Object.entries(settings).filter((pair): pair is [string, string] => typeof pair[1] === 'string')),
      repositoryUrl,
      instructions,
      agentSessionId,
      privateHosts: [...env().privateUpstreams],
    },
  }
}

/** Only a proxied delivery has a token: a native login never comes near the proxy. */
function withToken(delivery: UntokenedDelivery): { delivery: DeliveryGrant; wstokenHash: Buffer | null } {
  if (delivery.via !== 'proxy') return { delivery, wstokenHash: null }
  const { token, hash } = mintWstoken()
  return { delivery: { ...delivery, wstoken: token }, wstokenHash: hash }
}
