/**
 * Proves who greets, and notices when one identity lives twice. A number that goes back or forks is only a suspicion:
 * what was held up in a line for seconds may be the last word of a daemon that is long dead. The proof is an answer: a
 * connection that is not its node's newest, asked after the newest was taken down, says that somebody is there. A daemon
 * has one connection at a time, so that is somebody else.
 * Which of the two is the genuine one, nobody here can know, and the other may be a thief: neither gets anything more,
 * and what runs there ends. A new key for one of them mends it (`nodes.renewKey`).
 * From: `gateway.ts`.
 */
import { createPublicKey, verify } from 'node:crypto'
import { enrolmentStatement, greetingStatement, type Enrolment, type Proof } from '#core/nodes/identity.ts'
import type { NodeId } from '#core/ids.ts'
import { record } from '#server/audit/service.ts'
import { announceAppended } from '#server/chats/append.ts'
import { findKey, isNewestConnection, updateCloned, type KnownNode } from '#server/daemons/identity-store.ts'
import { endLeasesOf } from '#server/daemons/lease.ts'
import { inTransaction } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { hintList, publish } from '#server/realtime/bus.ts'

/** A connection of a daemon, which can be asked whether anybody is there. */
export type Line = { id: string; answers(): Promise<boolean>; cut(): void }

/** Null when the signature is not that node's over this nonce; unknown, removed and withdrawn look the same. */
export async function proveGreeting(nonce: string, { nodeId, boot, signature }: Proof): Promise<KnownNode | null> {
  const node = await findKey(nodeId)
  return node && isSigned(node.publicKey, greetingStatement({ nonce, nodeId, boot }), signature) ? node : null
}

/** The key to store, of an enrolment that shows it has the private half; null for any other. */
export function provenKey({ token, publicKey, signature }: Enrolment): Buffer<ArrayBuffer> | null {
  const key = Buffer.from(publicKey, 'base64')
  return isSigned(key, enrolmentStatement({ token, publicKey }), signature) ? key : null
}

function isSigned(publicKey: Buffer, statement: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519' && verify(null, Buffer.from(statement), key, Buffer.from(signature, 'base64'))
  } catch {
    return false
  }
}

/** Looks whether anybody is at the other end of a connection that should have no other end any more. */
export async function lookBehind(nodeId: NodeId, line: Line): Promise<void> {
  if (await isNewestConnection(nodeId, line.id)) return
  if (await line.answers()) await noticeClone(nodeId)
  line.cut()
}

async function noticeClone(nodeId: NodeId): Promise<void> {
  const noticed = await inTransaction(async (tx) => {
    const node = await updateCloned(tx, nodeId)
    if (!node) return null
    const appended = await endLeasesOf(tx, nodeId, { workspaces: 'stay' })
    await record(tx, { teamId: null, actorId: null, act: 'node.cloned', subject: { kind: 'node', id: nodeId }, facts: { name: node.name } })
    return appended
  })
  if (!noticed) return
  log.error({ nodeId }, 'The identity of a node is used in two places: neither gets any work')
  publish({ about: 'node-cut', nodeId })
  noticed.forEach(announceAppended)
  hintList({ teamId: null, topic: 'nodes' })
}
