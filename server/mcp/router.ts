/** `mcpServers.*`: MCP servers that a project brings to its agents. Its maintainers say which; everybody sees them. Next: `own-service.ts`. */
import { z } from 'zod'
import { OWN_HEADERS_MAX, OwnServerHeader, OwnServerName } from '#core/mcp/own-server.ts'
import { addOwnServer, checkOwnServer, listOwnServers, removeOwnServer, setOwnServerEnabled } from '#server/mcp/own-service.ts'
import { projectProcedure, rateLimitedPerPerson, router } from '#server/trpc/base.ts'

const serverId = z.uuid()

export const mcpServersRouter = router({
  list: projectProcedure('read').query(({ ctx }) => listOwnServers(ctx.scope)),

  add: projectProcedure('manage')
    .use(rateLimitedPerPerson({ perMinute: 20 }))
    .input(z.object({ name: OwnServerName, url: z.string().trim().max(2_000), headers: z.array(OwnServerHeader).max(OWN_HEADERS_MAX) }))
    .mutation(({ ctx, input }) => addOwnServer(ctx.scope, input)),

  /** Looks at it as an agent would, and keeps what that finds. */
  check: projectProcedure('manage')
    .use(rateLimitedPerPerson({ perMinute: 20 }))
    .input(z.object({ serverId }))
    .mutation(({ ctx, input }) => checkOwnServer(ctx.scope, input)),

  /** Off holds at once, within five seconds for what is under way; on for agents that start from then on. */
  setEnabled: projectProcedure('manage')
    .input(z.object({ serverId, isEnabled: z.boolean() }))
    .mutation(({ ctx, input }) => setOwnServerEnabled(ctx.scope, input)),

  remove: projectProcedure('manage')
    .input(z.object({ serverId }))
    .mutation(({ ctx, input }) => removeOwnServer(ctx.scope, input)),
})
