/**
 * What the audit log tells of: every act that can be recorded, and what an entry says.
 * Next: `server/audit/service.ts` records one; `sentences.ts` says it in words.
 */

/** What an act was done to. */
export const subjectKinds = [
  'connection',
  'credential',
  'configuration',
  'attachment',
  'chat',
  'run',
  'sign-in',
  'member',
  'invitation',
  'token',
  'node',
  'project',
  'budget',
  'model',
  'team',
  'key',
  'audit',
] as const
export type SubjectKind = (typeof subjectKinds)[number]

/** `<noun>.<verb in the past>`. */
export const acts = [
  'connection.connected',
  'connection.replaced',
  'connection.disconnected',
  'connection.restored',
  'connection.enabled',
  'connection.disabled',
  'connection.shared',
  'connection.unshared',
  'connection.validated',
  'override.set',
  'override.removed',
  'credential.created',
  'credential.renamed',
  'credential.replaced',
  'credential.deleted',
  'configuration.created',
  'configuration.changed',
  'configuration.deleted',
  'attachment.created',
  'attachment.deleted',
  'login.refreshed',
  'login.synced',
  'login.refused',
  'chat.shared',
  'chat.made-private',
  'chat.handed-over',
  'run.started',
  'sign-in.started',
  'sign-in.finished',
  'member.invited',
  'invitation.revoked',
  'member.joined',
  'member.role-changed',
  'member.removed',
  'token.created',
  'token.revoked',
  'node.joined',
  'node.removed',
  'project.created',
  'project.changed',
  'project.rules-changed',
  'project.tools-changed',
  'project.archived',
  'budget.set',
  'budget.removed',
  'model.ruled',
  'model.unruled',
  'model.policy-set',
  'team.created',
  'team.renamed',
  'key.rotated',
  'key.retired',
  'audit.exported',
] as const
export type AuditAct = (typeof acts)[number]

/**
 * Flat, short, and never a secret. What a sentence uses when it is there: `harness` (id), `scope`, `projectId` and `ownerId`
 * (whose names are looked up: `projectName`, and `ownerName` of somebody else’s), `credentialName`, `providerName`, `chatTitle`, `payerName`, `verdict`, `code`, `name`, `formerName`, `email`,
 * `role`, `formerRole`, `version`, `count`, `period`, `limitMicros`, `change` (what of a model, in words).
 */
export type AuditFacts = Readonly<Record<string, string | number | boolean | null>>
