/** The MCP servers that projects bring. Nothing here returns what is sealed but `findToAsk`, which is for asking. */
import type { Finding } from '#core/mcp/own-server.ts'
import type { ProjectScope } from '#server/access/scope.ts'
import { prismaDb, record } from '#server/audit/service.ts'
import type { Sealed } from '#server/connections/vault.ts'
import { pool, prisma } from '#server/db/client.ts'

export type OwnServerRow = {
  serverId: string
  name: string
  url: string
  headerNames: string[]
  isEnabled: boolean
  finding: Finding | null
  foundAt: Date | null
}

const shown = { id: true, name: true, url: true, headerNames: true, isEnabled: true, finding: true, foundAt: true } as const

export async function findOwnServers({ teamId, projectId }: ProjectScope): Promise<OwnServerRow[]> {
  const rows = await prisma().projectMcpServer.findMany({ where: { teamId, projectId }, orderBy: { createdAt: 'asc' }, select: shown })
  return rows.map(({ id, finding, ...row }) => ({ serverId: id, ...row, finding: finding as Finding | null }))
}

export type NewOwnServer = Sealed & { serverId: string; name: string; url: string; headerNames: string[]; finding: Finding }

/** False when the name is taken. `most` is how many a project may have. */
export async function insertOwnServer(
  { teamId, projectId, userId }: ProjectScope,
  { serverId, most, ...server }: NewOwnServer & { most: number },
): Promise<'inserted' | 'name-taken' | 'too-many'> {
  return prisma().$transaction(async (tx) => {
    // Held, so that two of the same name, or one too many, cannot come in side by side.
    await tx.$queryRaw`select id from project where id = ${projectId} for update`
    const names = await tx.projectMcpServer.findMany({ where: { projectId }, select: { name: true } })
    if (names.some(({ name }) => name === server.name)) return 'name-taken'
    if (names.length >= most) return 'too-many'
    await tx.projectMcpServer.create({ data: { id: serverId, teamId, projectId, createdBy: userId, foundAt: new Date(), ...server } })
    await record(prismaDb(tx), {
      teamId,
      actorId: userId,
      act: 'mcp-server.added',
      subject: { kind: 'project', id: projectId },
      facts: { name: server.name, host: new URL(server.url).host, projectId },
    })
    return 'inserted'
  })
}

type Naming = { serverId: string }

/** False when there is none. */
export async function updateOwnServer(
  { teamId, projectId, userId }: ProjectScope,
  { serverId, isEnabled }: Naming & { isEnabled: boolean },
): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const [changed] = await tx.projectMcpServer.updateManyAndReturn({
      where: { id: serverId, teamId, projectId, isEnabled: !isEnabled },
      data: { isEnabled },
      select: { name: true },
    })
    if (!changed) return (await tx.projectMcpServer.count({ where: { id: serverId, teamId, projectId } })) > 0
    await record(prismaDb(tx), {
      teamId,
      actorId: userId,
      act: isEnabled ? 'mcp-server.enabled' : 'mcp-server.disabled',
      subject: { kind: 'project', id: projectId },
      facts: { ...changed, projectId },
    })
    return true
  })
}

export async function deleteOwnServer({ teamId, projectId, userId }: ProjectScope, { serverId }: Naming): Promise<boolean> {
  return prisma().$transaction(async (tx) => {
    const found = await tx.projectMcpServer.findFirst({ where: { id: serverId, teamId, projectId }, select: { name: true } })
    if (!found) return false
    await tx.projectMcpServer.delete({ where: { id: serverId } })
    await record(prismaDb(tx), {
      teamId,
      actorId: userId,
      act: 'mcp-server.removed',
      subject: { kind: 'project', id: projectId },
      facts: { ...found, projectId },
    })
    return true
  })
}

export async function writeFinding(
  { teamId, projectId }: ProjectScope,
  { serverId, finding }: Naming & { finding: Finding },
): Promise<void> {
  await prisma().projectMcpServer.updateMany({ where: { id: serverId, teamId, projectId }, data: { finding, foundAt: new Date() } })
}

export type ToAsk = {
  serverId: string
  teamId: string
  name: string
  url: string
  isEnabled: boolean
  sealed: Buffer
  masterVersion: number
}

/** For asking it: of this project alone. */
export async function findToAsk(projectId: string, serverId: string): Promise<ToAsk | null> {
  const { rows } = await pool().query<ToAsk>(
    `select id as "serverId", "teamId", name, url, "isEnabled", sealed, "masterVersion" from project_mcp_server where id = $1 and "projectId" = $2`,
    [serverId, projectId],
  )
  return rows[0] ?? null
}

/** What an agent that starts now is told of. */
export async function findEnabledServers(projectId: string): Promise<{ serverId: string; name: string }[]> {
  const { rows } = await pool().query<{ serverId: string; name: string }>(
    `select id as "serverId", name from project_mcp_server where "projectId" = $1 and "isEnabled" order by "createdAt"`,
    [projectId],
  )
  return rows
}
