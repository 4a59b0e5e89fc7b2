/** Why somebody may not prompt a chat, with the way out. */
import type { FailureCode } from '#core/errors.ts'
import { failureWords } from '#components/failures/sentences.ts'
import type { Outputs } from '#components/trpc/trpc.ts'

export type WhyNot = {
  sentence: string
  /** The way out: on a page of its own, or an act on this chat. */
  action: { label: string; href: string } | { label: string; act: 'unarchive' | 'fork' } | null
}

export function whyNotPrompt({
  chat,
  me,
  isArchived,
  code,
}: {
  chat: Pick<
    Outputs['chats']['get'],
    'mayPrompt' | 'mayManage' | 'isHandedOver' | 'payer' | 'createdBy' | 'createdByName' | 'projectId' | 'harness' | 'harnessName'
  >
  me: { user: { userId: string }; team: { role: string } | null }
  isArchived: boolean
  /** Why nobody pays, when nobody does. */
  code: FailureCode | null
}): WhyNot | null {
  if (isArchived)
    return {
      sentence: 'This chat is archived, so it takes no prompts.',
      action: chat.mayManage ? { label: 'Bring back', act: 'unarchive' } : null,
    }
  if (chat.mayPrompt) return null
  if (me.team?.role === 'viewer')
    return {
      sentence: 'You read along as a viewer. A team admin can make you a member.',
      action: { label: 'See who is admin', href: '/team' },
    }
  if (!chat.payer) {
    const words = failureWords(code ?? (chat.isHandedOver ? 'chat.handed-over' : 'connection.missing'), { harness: chat.harness }, chat)
    return { sentence: words.sentence, action: words.href && words.label ? { label: words.label, href: words.href } : null }
  }
  if (chat.payer.scope === 'user' && chat.createdBy !== me.user.userId) {
    return {
      sentence: `This chat runs on ${chat.createdByName}’s personal credential, so only they may prompt it.`,
      action: { label: 'Fork', act: 'fork' },
    }
  }
  if (chat.payer.kind !== 'api-key') {
    return {
      sentence: 'This chat runs on somebody’s own login, so only they may prompt it.',
      action: { label: 'Fork', act: 'fork' },
    }
  }
  return { sentence: `You may read this chat, but not prompt ${chat.harnessName} in it.`, action: null }
}
