/** For tests: machines that have keys, without a daemon. */
import { generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto'
import type { NodeId } from '#core/ids.ts'
import { enrolmentStatement, greetingStatement, type Boot, type Enrolment, type Proof } from '#core/nodes/identity.ts'
import { joinNode } from '#server/daemons/service.ts'
import { prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'

const keys = new Map<NodeId, KeyObject>()

export function makeEnrolment(token: string): { enrolment: Enrolment; privateKey: KeyObject } {
  const pair = generateKeyPairSync('ed25519')
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const signature = sign(null, Buffer.from(enrolmentStatement({ token, publicKey })), pair.privateKey).toString('base64')
  return { enrolment: { token, publicKey, signature }, privateKey: pair.privateKey }
}

/** As a machine does that runs the join command. */
export async function enrol(token: string): Promise<{ nodeId: NodeId; name: string }> {
  const { enrolment, privateKey } = makeEnrolment(token)
  const joined = await joinNode(enrolment)
  keys.set(joined.nodeId, privateKey)
  return joined
}

/** The server's own node, as it stands after its first start: the same one each time. */
export async function seedNode(name = 'here'): Promise<NodeId> {
  const known = await prisma().node.findFirst({ where: { name, disabledAt: null } })
  if (known && keys.has(known.id as NodeId)) return known.id as NodeId
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const id = mintUuid() as NodeId
  const key = publicKey.export({ type: 'spki', format: 'der' })
  await prisma().node.create({ data: { id, name, isLocal: true, publicKey: new Uint8Array(key) } })
  keys.set(id, privateKey)
  return id
}

/** Each start of a daemon counts on, whoever asks. */
let starts = 0
export const nextBoot = (): Boot => ({ id: randomUUID(), count: (starts += 1), greeting: 1 })

export const proofOf = (nodeId: NodeId, { nonce, boot }: { nonce: string; boot: Boot }): Proof => ({
  nodeId,
  boot,
  signature: sign(null, Buffer.from(greetingStatement({ nonce, nodeId, boot })), keys.get(nodeId)!).toString('base64'),
})
