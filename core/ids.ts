/**
 * Branded ids: a `ChatId` cannot be passed where a `RunId` is meant.
 * Ids that we mint for the log are UUIDs (version 7, so they sort by time);
 * all others are opaque strings that may hold any Unicode character.
 */
import { z } from 'zod'

const opaque = z.string().min(1).max(200)
/**
 * Chosen by whoever makes a primitive: any text, taken as it is. Characters are counted as Unicode has them, and what
 * PostgreSQL cannot hold as text (NUL, half a surrogate pair) is no text.
 */
const anyText = z.string().refine((text) => text !== '' && Array.from(text).length <= 200 && text.isWellFormed() && !text.includes('\0'), {
  error: 'Expected 1 to 200 characters, without NUL and half characters',
})
/** In one spelling: PostgreSQL gives every UUID back in lower case, and some tools (`uuidgen` on a Mac) write capitals. */
const uuid = z.uuid().toLowerCase()

export const UserId = opaque.brand<'UserId'>()
export const TeamId = opaque.brand<'TeamId'>()
export const ProjectId = opaque.brand<'ProjectId'>()
export const CredentialId = anyText.brand<'CredentialId'>()
export const ConfigurationId = anyText.brand<'ConfigurationId'>()
export const AttachmentId = anyText.brand<'AttachmentId'>()
export const NodeId = opaque.brand<'NodeId'>()
export const UsageRecordId = uuid.brand<'UsageRecordId'>()

export const ChatId = uuid.brand<'ChatId'>()
export const TurnId = uuid.brand<'TurnId'>()
export const RunId = uuid.brand<'RunId'>()
export const TaskId = uuid.brand<'TaskId'>()
export const TemplateId = uuid.brand<'TemplateId'>()
export const TriggerId = uuid.brand<'TriggerId'>()

/** The agent's own name for a message of its reply; unique within a chat only. */
export const MessageId = opaque.brand<'MessageId'>()
/** The agent's own name for a tool call; unique within a chat only. */
export const ToolCallId = opaque.brand<'ToolCallId'>()
/** Our name for one permission question, minted by the daemon. */
export const RequestId = uuid.brand<'RequestId'>()

export type UserId = z.infer<typeof UserId>
export type TeamId = z.infer<typeof TeamId>
export type ProjectId = z.infer<typeof ProjectId>
export type CredentialId = z.infer<typeof CredentialId>
export type ConfigurationId = z.infer<typeof ConfigurationId>
export type AttachmentId = z.infer<typeof AttachmentId>
export type NodeId = z.infer<typeof NodeId>
export type UsageRecordId = z.infer<typeof UsageRecordId>
export type ChatId = z.infer<typeof ChatId>
export type TurnId = z.infer<typeof TurnId>
export type RunId = z.infer<typeof RunId>
export type TaskId = z.infer<typeof TaskId>
export type TemplateId = z.infer<typeof TemplateId>
export type TriggerId = z.infer<typeof TriggerId>
export type MessageId = z.infer<typeof MessageId>
export type ToolCallId = z.infer<typeof ToolCallId>
export type RequestId = z.infer<typeof RequestId>

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const HYPHEN_BEFORE = new Set([4, 6, 8, 10])

/**
 * A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then randomness.
 * Time and randomness are arguments, since `core` has neither.
 *
 * @param random at least 10 bytes
 */
export function uuidV7({ nowMs, random }: { nowMs: number; random: Uint8Array }): string {
  const bytes = new Uint8Array(16)
  for (let i = 0, rest = nowMs; i < 6; i += 1, rest = Math.floor(rest / 256)) bytes[5 - i] = rest % 256
  bytes.set(random.subarray(0, 10), 6)
  bytes[6] = 0x70 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  let text = ''
  for (let i = 0; i < 16; i += 1) text += HYPHEN_BEFORE.has(i) ? `-${HEX[bytes[i]!]}` : HEX[bytes[i]!]
  return text
}
