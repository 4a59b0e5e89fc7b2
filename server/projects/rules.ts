/** What agents may do in a project without asking a person, and how long they wait for one. From: `router.ts`; the rules are applied by `server/chats/question-desk.ts`. */
import type { PermissionRule } from '#core/projects/permission-rules.ts'
import type { ProjectScope } from '#server/access/scope.ts'
import { prismaDb, record } from '#server/audit/service.ts'
import { prisma } from '#server/db/client.ts'

export type ProjectRules = { rules: PermissionRule[]; deadlineMinutes: number }

export async function readRules({ teamId, projectId }: ProjectScope): Promise<ProjectRules> {
  const { permissionRules, questionDeadlineMinutes } = await prisma().project.findFirstOrThrow({
    where: { id: projectId, teamId },
    select: { permissionRules: true, questionDeadlineMinutes: true },
  })
  return { rules: permissionRules as PermissionRule[], deadlineMinutes: questionDeadlineMinutes }
}

/** Holds for what is asked from now on. */
export async function setRules({ teamId, projectId, userId }: ProjectScope, { rules, deadlineMinutes }: ProjectRules): Promise<void> {
  await prisma().$transaction(async (tx) => {
    const [changed] = await tx.project.updateManyAndReturn({
      where: { id: projectId, teamId },
      data: { permissionRules: rules, questionDeadlineMinutes: deadlineMinutes },
      select: { name: true },
    })
    if (!changed) return
    const count = (effect: PermissionRule['effect']) => rules.filter((rule) => rule.effect === effect).length
    await record(prismaDb(tx), {
      teamId,
      actorId: userId,
      act: 'project.rules-changed',
      subject: { kind: 'project', id: projectId },
      facts: { ...changed, allow: count('allow'), ask: count('ask'), deny: count('deny'), deadlineMinutes },
    })
  })
}
