/**
 * Templates, and what makes tasks of them without a person. A webhook is signed as the Standard Webhooks specification says
 * (https://www.standardwebhooks.com): HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`, so that neither a time nor a
 * delivery can be put on another's signature.
 */
import { z } from 'zod'
import { TaskTitle, Instructions, StartWish } from '#core/tasks/task.ts'
import { TemplateId, UserId } from '#core/ids.ts'

/** One line. */
const Name = TaskTitle.pipe(z.string().max(80))

export const Template = StartWish.extend({
  templateId: TemplateId,
  name: Name,
  title: TaskTitle,
  instructions: Instructions,
  assigneeId: UserId.nullable(),
})
export type Template = z.infer<typeof Template>

export const TriggerName = Name

export const HOOK_PATH = '/hooks/tasks/'
/** How far a caller's clock and way may be off. */
export const REPLAY_WINDOW_MS = 300_000
export const HOOK_BODY_MAX_BYTES = 64 * 1024

export const hookHeaders = { delivery: 'webhook-id', timestamp: 'webhook-timestamp', signature: 'webhook-signature' } as const

/** `deliveryId` and `timestamp` have no dot, so that no other call has the same text. */
export const signedText = ({ deliveryId, timestamp, body }: { deliveryId: string; timestamp: string; body: string }): string =>
  `${deliveryId}.${timestamp}.${body}`

/** @param timestamp in seconds since 1970, as the header has it */
export const isTimely = (timestamp: string, nowMs: number): boolean =>
  /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) * 1_000 - nowMs) <= REPLAY_WINDOW_MS
