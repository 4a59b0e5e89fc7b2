/** `models.*`: what may be chosen, and what admins make of the catalog. */
import { z } from 'zod'
import { Dialect } from '#core/providers/dialects.ts'
import { readCatalog } from '#server/models/catalog-service.ts'
import { discoverModels, previewModels } from '#server/models/discovery-service.ts'
import { PolicyInput, RuleInput, RuleKeyInput } from '#server/models/rule-input.ts'
import { clearRule, readPolicy, setPolicy, setRule } from '#server/models/rule-service.ts'
import { listModels } from '#server/models/service.ts'
import { rateLimitedPerPerson, router, teamProcedure } from '#server/trpc/base.ts'

const id = z.string().min(1).max(200)

export const modelsRouter = router({
  list: teamProcedure('read')
    .input(z.object({ harness: id, projectId: id.optional() }))
    .query(({ ctx, input }) => listModels(ctx.scope, input)),

  catalog: teamProcedure('read').query(({ ctx }) => readCatalog(ctx.scope)),

  setRule: teamProcedure('manage')
    .input(RuleInput)
    .mutation(({ ctx, input }) => setRule(ctx.scope, input)),

  clearRule: teamProcedure('manage')
    .input(RuleKeyInput)
    .mutation(({ ctx, input }) => clearRule(ctx.scope, input)),

  policy: teamProcedure('read').query(({ ctx }) => readPolicy(ctx.scope)),

  setPolicy: teamProcedure('manage')
    .input(PolicyInput)
    .mutation(({ ctx, input }) => setPolicy(ctx.scope, input)),

  /** Asks the providers in reach what they serve, or one of them, and keeps the answers. */
  discover: teamProcedure('prompt')
    .use(rateLimitedPerPerson({ perMinute: 12 }))
    .input(z.object({ credentialId: id.optional() }).default({}))
    .mutation(({ ctx, input }) => discoverModels(ctx.scope, input)),

  /** The same of a server that is not connected yet. */
  preview: teamProcedure('prompt')
    .use(rateLimitedPerPerson({ perMinute: 30 }))
    .input(z.object({ baseUrl: z.string().min(1).max(2_000), dialect: Dialect, key: z.string().trim().min(1).max(8_192) }))
    .mutation(({ input }) => previewModels(input)),
})
