/** Which groups of our MCP server's tools agents get in a project. From: `router.ts`; they hold in `server/mcp`. */
import { toolGroups, type ToolGroup } from '#core/mcp/tool-groups.ts'
import type { ProjectScope } from '#server/access/scope.ts'
import { prismaDb, record } from '#server/audit/service.ts'
import { prisma } from '#server/db/client.ts'

export type ProjectTools = { off: ToolGroup[] }

export async function readTools({ teamId, projectId }: ProjectScope): Promise<ProjectTools> {
  const { mcpGroupsOff } = await prisma().project.findFirstOrThrow({ where: { id: projectId, teamId }, select: { mcpGroupsOff: true } })
  return { off: toolGroups.filter((group) => mcpGroupsOff.includes(group)) }
}

export async function setTools({ teamId, projectId, userId }: ProjectScope, { off }: ProjectTools): Promise<void> {
  const mcpGroupsOff = toolGroups.filter((group) => off.includes(group))
  await prisma().$transaction(async (tx) => {
    const [changed] = await tx.project.updateManyAndReturn({
      where: { id: projectId, teamId },
      data: { mcpGroupsOff },
      select: { name: true },
    })
    if (!changed) return
    await record(prismaDb(tx), {
      teamId,
      actorId: userId,
      act: 'project.tools-changed',
      subject: { kind: 'project', id: projectId },
      facts: { ...changed, off: mcpGroupsOff.join(', ') },
    })
  })
}
