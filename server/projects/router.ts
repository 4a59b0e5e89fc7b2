/** Projects. Members make them; their creator and the team's admins change them. */
import { z } from 'zod'
import { Labels } from '#core/nodes/labels.ts'
import { DEADLINE_MAX_MINUTES, PermissionRule, RULES_MAX } from '#core/projects/permission-rules.ts'
import { ToolGroup, toolGroups } from '#core/mcp/tool-groups.ts'
import { readRules, setRules } from '#server/projects/rules.ts'
import { readTools, setTools } from '#server/projects/tools.ts'
import { Name } from '#server/accounts/service.ts'
import { archive, changeProject, createProject, describeProject, summarizeProjects } from '#server/projects/service.ts'
import { projectProcedure, router, teamProcedure } from '#server/trpc/base.ts'

/** Empty or null: no repository. What an address may be is decided in `core/projects/repository.ts`. */
const repositoryUrl = z.string().max(10_000).nullable().optional()
const instructions = z.string().max(50_000).optional()

export const projectsRouter = router({
  list: teamProcedure('read').query(({ ctx }) => summarizeProjects(ctx.scope)),

  get: projectProcedure('read').query(({ ctx }) => describeProject(ctx.scope)),

  create: teamProcedure('prompt')
    .input(z.object({ name: Name, repositoryUrl, instructions }))
    .mutation(({ ctx, input }) => createProject(ctx.scope, input)),

  update: projectProcedure('manage')
    .input(z.object({ name: Name.optional(), repositoryUrl, instructions, nodeLabels: Labels.optional() }))
    .mutation(({ ctx, input }) => changeProject(ctx.scope, input)),

  rules: projectProcedure('read').query(({ ctx }) => readRules(ctx.scope)),

  /** All of them at once. */
  setRules: projectProcedure('manage')
    .input(
      z.object({
        rules: z.array(PermissionRule).max(RULES_MAX),
        deadlineMinutes: z.int().min(1).max(DEADLINE_MAX_MINUTES),
      }),
    )
    .mutation(({ ctx, input }) => setRules(ctx.scope, input)),

  tools: projectProcedure('read').query(({ ctx }) => readTools(ctx.scope)),

  /** All of them at once; what is turned off is off at once, for agents at work too. */
  setTools: projectProcedure('manage')
    .input(z.object({ off: z.array(ToolGroup).max(toolGroups.length) }))
    .mutation(({ ctx, input }) => setTools(ctx.scope, input)),

  archive: projectProcedure('manage').mutation(({ ctx }) => archive(ctx.scope)),
})
