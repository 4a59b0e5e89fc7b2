/** Why a chat waits, in words for people, and what they may do about it. What a claim takes is decided in `lease.ts` by the same rules. */
import { DomainError } from '#core/errors.ts'
import type { WaitReason } from '#core/nodes/placement.ts'
import type { ChatScope } from '#server/access/scope.ts'
import { clearWorkspace, findPlacement } from '#server/daemons/placement-store.ts'
import { publish } from '#server/realtime/bus.ts'

/** Null when nothing keeps it: it runs, has nothing to do, or is about to be taken. */
export async function whyWaiting({ chatId }: ChatScope): Promise<WaitReason | null> {
  const placement = await findPlacement(chatId)
  return placement?.is === 'waits' ? placement.reason : null
}

/**
 * The person does not wait for the node where the workspace lies: the chat goes on wherever there is room, from its
 * repository. What was not pushed stays there.
 * @throws chat.busy when it is held, or has no workspace to leave
 */
export async function leaveWorkspace({ chatId }: ChatScope): Promise<void> {
  if (!(await clearWorkspace(chatId))) throw new DomainError('chat.busy')
  publish({ about: 'work', nodeId: null })
}
