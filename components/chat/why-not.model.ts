/** Why somebody may not prompt a chat, with the way out. */
import type { Outputs } from '#components/trpc/trpc.ts'

export type WhyNot = { sentence: string; action: { label: string; href: string } | null }

export function whyNotPrompt({
  chat,
  me,
  isArchived,
}: {
  chat: Pick<Outputs['chats']['get'], 'mayPrompt' | 'payer' | 'createdBy' | 'createdByName' | 'projectId' | 'harnessName'>
  me: { user: { userId: string }; team: { role: string } }
  isArchived: boolean
}): WhyNot | null {
  if (isArchived) return { sentence: 'This chat is archived, so it takes no prompts.', action: null }
  if (chat.mayPrompt) return null
  if (me.team.role === 'viewer')
    return {
      sentence: 'You read along as a viewer. A team admin can make you a member.',
      action: { label: 'See who is admin', href: '/team' },
    }
  if (chat.payer?.scope === 'user' && chat.createdBy !== me.user.userId) {
    return {
      sentence: `This chat runs on ${chat.createdByName}’s personal credential, so only they may prompt it.`,
      action: { label: 'Start your own', href: `/projects/${encodeURIComponent(chat.projectId)}` },
    }
  }
  return { sentence: `You may read this chat, but not prompt ${chat.harnessName} in it.`, action: null }
}
