/**
 * How a node proves who it is, and how a copy of it shows. Its key never leaves its home; what is signed is bound to a
 * nonce of one connection. A home that was copied keeps the key, but not the count: each start of a daemon writes down a
 * number above the last before it greets, and each greeting of one start has a number too. So of two that live from one
 * home, one greets with numbers that the server has seen before or beyond.
 * Signed by `agent/identity.ts`; proved by `server/daemons/identity-service.ts`.
 */
import { z } from 'zod'
import { NodeId } from '#core/ids.ts'

/** One start of a daemon, and which greeting of it this is. */
export const Boot = z.object({ id: z.uuid(), count: z.int().positive(), greeting: z.int().positive() })
export type Boot = z.infer<typeof Boot>

export const Proof = z.object({ nodeId: NodeId, boot: Boot, signature: z.base64() })
export type Proof = z.infer<typeof Proof>

export type Standing =
  /** Later than all before. */
  | 'newest'
  /** The numbers go back: an earlier start, or an earlier greeting of this one. */
  | 'behind'
  /** Another start with the same number: both began from the same home. */
  | 'forked'

export function standingOf(said: Boot, known: Boot | null): Standing {
  if (known === null || said.count > known.count) return 'newest'
  if (said.count < known.count) return 'behind'
  if (said.id !== known.id) return 'forked'
  return said.greeting > known.greeting ? 'newest' : 'behind'
}

export const greetingStatement = ({ nonce, nodeId, boot }: { nonce: string; nodeId: NodeId; boot: Boot }): string =>
  ['gatehouse node greets', nonce, nodeId, boot.id, boot.count, boot.greeting].join('\n')

/** Shows that whoever brings a public key has the private one. */
export const enrolmentStatement = ({ token, publicKey }: { token: string; publicKey: string }): string =>
  ['gatehouse node enrols', token, publicKey].join('\n')

/** What a machine sends to become a node: `publicKey` is the SPKI form in base64. */
export const Enrolment = z.object({
  token: z.string().min(1).max(200),
  publicKey: z.base64().min(1).max(200),
  signature: z.base64().min(1).max(200),
})
export type Enrolment = z.infer<typeof Enrolment>
export const Enrolled = z.object({ nodeId: NodeId, name: z.string() })
export type Enrolled = z.infer<typeof Enrolled>
/** Where the server takes an enrolment. */
export const ENROLMENT_PATH = '/api/nodes/join'
