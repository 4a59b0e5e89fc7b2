/** The three primitives behind connections, one by one. Ids are any text and are taken as they are. */
import { z } from 'zod'
import { Scope } from '#core/connections/connection.ts'
import { ConnectionSettings, Secret } from '#core/connections/secret.ts'
import { AttachmentId, ConfigurationId, CredentialId } from '#core/ids.ts'
import { attach, detach, listAttachments } from '#server/primitives/attachments-service.ts'
import {
  createConfiguration,
  getConfiguration,
  listConfigurations,
  removeConfiguration,
  updateConfiguration,
} from '#server/primitives/configurations-service.ts'
import { createCredential, getCredential, listCredentials, remove, rename, replace } from '#server/primitives/credentials-service.ts'
import { router, teamProcedure } from '#server/trpc/base.ts'

const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), { error: 'Expected a line of text' })
const settings = ConnectionSettings.omit({ models: true })
const { models } = ConnectionSettings.shape
const byCredential = z.object({ credentialId: CredentialId })
const byConfiguration = z.object({ configurationId: ConfigurationId })

/** Whoever may prompt has primitives of their own; the services prove the right to each. */
const procedure = teamProcedure('prompt')

export const credentialsRouter = router({
  list: procedure.query(({ ctx }) => listCredentials(ctx.scope)),

  get: procedure.input(byCredential).query(({ ctx, input }) => getCredential(ctx.scope, input)),

  create: procedure
    .input(
      z.object({
        credentialId: CredentialId.optional(),
        name,
        owner: z.enum(['user', 'platform']).default('user'),
        secret: Secret,
        models,
      }),
    )
    .mutation(({ ctx, input }) => createCredential(ctx.scope, input)),

  rename: procedure.input(byCredential.extend({ name })).mutation(({ ctx, input }) => rename(ctx.scope, input)),

  replaceSecret: procedure.input(byCredential.extend({ secret: Secret, models })).mutation(({ ctx, input }) => replace(ctx.scope, input)),

  delete: procedure.input(byCredential).mutation(({ ctx, input }) => remove(ctx.scope, input)),
})

export const configurationsRouter = router({
  list: procedure.query(({ ctx }) => listConfigurations(ctx.scope)),

  get: procedure.input(byConfiguration).query(({ ctx, input }) => getConfiguration(ctx.scope, input)),

  create: procedure
    .input(
      z.object({
        configurationId: ConfigurationId.optional(),
        harness: z.string().min(1).max(200),
        credentialId: CredentialId,
        settings: settings.optional(),
      }),
    )
    .mutation(({ ctx, input }) => createConfiguration(ctx.scope, input)),

  update: procedure
    .input(byConfiguration.extend({ credentialId: CredentialId.optional(), settings: settings.optional() }))
    .mutation(({ ctx, input }) => updateConfiguration(ctx.scope, input)),

  delete: procedure.input(byConfiguration).mutation(({ ctx, input }) => removeConfiguration(ctx.scope, input)),
})

export const attachmentsRouter = router({
  list: procedure.query(({ ctx }) => listAttachments(ctx.scope)),

  attach: procedure
    .input(
      z.object({
        attachmentId: AttachmentId.optional(),
        configurationId: ConfigurationId,
        scope: Scope,
        projectId: z.string().min(1).max(200).optional(),
        replaces: AttachmentId.optional(),
      }),
    )
    .mutation(({ ctx, input }) => attach(ctx.scope, input)),

  detach: procedure.input(z.object({ attachmentId: AttachmentId })).mutation(({ ctx, input }) => detach(ctx.scope, input)),
})
