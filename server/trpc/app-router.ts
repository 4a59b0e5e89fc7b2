/** Every procedure of Gatehouse, by noun. Each router lives with its noun and is thin. */
import { meRouter, setupRouter, tokensRouter } from '#server/accounts/router.ts'
import { auditRouter } from '#server/audit/router.ts'
import { budgetsRouter } from '#server/budgets/router.ts'
import { chatsRouter } from '#server/chats/router.ts'
import { connectionsRouter, projectOverridesRouter } from '#server/connections/router.ts'
import { nodesRouter } from '#server/daemons/router.ts'
import { mcpServersRouter } from '#server/mcp/router.ts'
import { modelsRouter } from '#server/models/router.ts'
import { attachmentsRouter, configurationsRouter, credentialsRouter } from '#server/primitives/router.ts'
import { projectsRouter } from '#server/projects/router.ts'
import { searchRouter } from '#server/search/router.ts'
import { invitationsRouter, teamRouter } from '#server/teams/router.ts'
import { tasksRouter } from '#server/tasks/router.ts'
import { templatesRouter, triggersRouter } from '#server/tasks/triggers-router.ts'
import { signInsRouter } from '#server/sign-ins/router.ts'
import { router } from '#server/trpc/base.ts'
import { usageRouter } from '#server/usage/router.ts'

export const appRouter = router({
  setup: setupRouter,
  me: meRouter,
  tokens: tokensRouter,
  team: teamRouter,
  invitations: invitationsRouter,
  projects: projectsRouter,
  connections: connectionsRouter,
  projectOverrides: projectOverridesRouter,
  signIns: signInsRouter,
  credentials: credentialsRouter,
  configurations: configurationsRouter,
  attachments: attachmentsRouter,
  models: modelsRouter,
  mcpServers: mcpServersRouter,
  chats: chatsRouter,
  tasks: tasksRouter,
  templates: templatesRouter,
  triggers: triggersRouter,
  search: searchRouter,
  nodes: nodesRouter,
  usage: usageRouter,
  budgets: budgetsRouter,
  audit: auditRouter,
})

/** The only thing that `components/` may import of the server, as a type. */
export type AppRouter = typeof appRouter
