/**
 * Every failure a person can meet: how it travels, and what they can do next.
 * The sentence that people read is in `components/failures/sentences.ts`, one per
 * code and checked for completeness there; no code reads message text.
 */

/** The one next step that mends a failure. */
export type Recovery =
  | 'connect'
  | 'enable'
  | 'replace'
  | 'choose-another'
  | 'choose-model'
  | 'retry'
  | 'send-again'
  | 'wait'
  | 'sign-in'
  | 'ask-admin'
  | 'check-input'
  | 'none'

type TrpcCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'PRECONDITION_FAILED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNPROCESSABLE_CONTENT'
  | 'TOO_MANY_REQUESTS'
  | 'SERVICE_UNAVAILABLE'

export const failures = {
  // Who and where
  'session.missing': { trpc: 'UNAUTHORIZED', recovery: 'sign-in' },
  'request.invalid': { trpc: 'BAD_REQUEST', recovery: 'check-input' },
  'request.too-many': { trpc: 'TOO_MANY_REQUESTS', recovery: 'wait' },
  'access.denied': { trpc: 'FORBIDDEN', recovery: 'ask-admin' },
  'setup.closed': { trpc: 'CONFLICT', recovery: 'sign-in' },
  'setup.code-wrong': { trpc: 'FORBIDDEN', recovery: 'check-input' },
  'team.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'team.last-admin': { trpc: 'CONFLICT', recovery: 'none' },
  'member.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'invitation.unusable': { trpc: 'NOT_FOUND', recovery: 'ask-admin' },
  'invitation.other-email': { trpc: 'FORBIDDEN', recovery: 'sign-in' },
  'token.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'project.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'mcp-server.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'mcp-server.name-taken': { trpc: 'CONFLICT', recovery: 'check-input' },
  'mcp-server.too-many': { trpc: 'CONFLICT', recovery: 'none' },
  'repository.unusable': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'check-input' },
  'repository.clone-failed': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'check-input' },

  // Connections
  'connection.missing': { trpc: 'PRECONDITION_FAILED', recovery: 'connect' },
  'connection.disabled': { trpc: 'PRECONDITION_FAILED', recovery: 'enable' },
  'connection.broken': { trpc: 'PRECONDITION_FAILED', recovery: 'replace' },
  'connection.unreadable': { trpc: 'PRECONDITION_FAILED', recovery: 'replace' },
  'connection.refused-by-harness': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'choose-another' },
  'connection.not-yours': { trpc: 'FORBIDDEN', recovery: 'connect' },
  'credential.malformed': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'check-input' },
  'credential.refused': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'replace' },
  'credential.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'credential.in-use': { trpc: 'CONFLICT', recovery: 'none' },
  'configuration.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'configuration.in-use': { trpc: 'CONFLICT', recovery: 'none' },
  'attachment.place-taken': { trpc: 'CONFLICT', recovery: 'none' },
  'primitive.id-taken': { trpc: 'CONFLICT', recovery: 'check-input' },
  'undo.too-late': { trpc: 'CONFLICT', recovery: 'connect' },
  'login.expired': { trpc: 'PRECONDITION_FAILED', recovery: 'replace' },
  'login.elsewhere': { trpc: 'PRECONDITION_FAILED', recovery: 'replace' },
  'login.lost': { trpc: 'PRECONDITION_FAILED', recovery: 'replace' },
  'login.refused': { trpc: 'PRECONDITION_FAILED', recovery: 'replace' },
  'login.other-account': { trpc: 'CONFLICT', recovery: 'replace' },
  'login.wider-scope': { trpc: 'CONFLICT', recovery: 'replace' },
  'login.in-use': { trpc: 'CONFLICT', recovery: 'wait' },
  'sign-in.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'sign-in.failed': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'retry' },
  'sign-in.too-late': { trpc: 'CONFLICT', recovery: 'retry' },
  'upstream.unsafe': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'check-input' },

  // Harnesses, models, nodes
  'harness.unknown': { trpc: 'NOT_FOUND', recovery: 'choose-another' },
  'harness.not-installed': { trpc: 'PRECONDITION_FAILED', recovery: 'wait' },
  'harness.install-failed': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'retry' },
  'harness.start-failed': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'send-again' },
  'model.unknown': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'choose-model' },
  'model.retired': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'choose-model' },
  'model.none': { trpc: 'PRECONDITION_FAILED', recovery: 'ask-admin' },
  'model.unpriced': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'choose-model' },
  'model.not-allowed': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'choose-model' },
  'node.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'node.offline': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'wait' },
  'node.join-token-unusable': { trpc: 'FORBIDDEN', recovery: 'ask-admin' },
  'sandbox.unavailable': { trpc: 'PRECONDITION_FAILED', recovery: 'ask-admin' },

  // Budgets and records
  'budget.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'budget.exhausted': { trpc: 'PRECONDITION_FAILED', recovery: 'ask-admin' },
  'budget.busy': { trpc: 'TOO_MANY_REQUESTS', recovery: 'send-again' },
  'usage.unrecorded': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'send-again' },

  // Chats
  'chat.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'chat.archived': { trpc: 'CONFLICT', recovery: 'none' },
  'chat.busy': { trpc: 'CONFLICT', recovery: 'wait' },
  'chat.handed-over': { trpc: 'PRECONDITION_FAILED', recovery: 'connect' },
  'chat.not-offered': { trpc: 'CONFLICT', recovery: 'none' },
  'turn.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'turn.not-queued': { trpc: 'CONFLICT', recovery: 'none' },
  'turn.nothing-to-cancel': { trpc: 'CONFLICT', recovery: 'none' },
  'turn.id-taken': { trpc: 'CONFLICT', recovery: 'send-again' },
  'prompt.too-large': { trpc: 'PAYLOAD_TOO_LARGE', recovery: 'check-input' },
  'permission.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'permission.already-answered': { trpc: 'CONFLICT', recovery: 'none' },
  'elicitation.invalid': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'check-input' },
  'question.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'question.already-answered': { trpc: 'CONFLICT', recovery: 'none' },
  'question.too-many': { trpc: 'CONFLICT', recovery: 'wait' },
  'permission.option-unknown': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'check-input' },

  // Tasks
  'task.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'task.busy': { trpc: 'CONFLICT', recovery: 'wait' },
  'task.closed': { trpc: 'CONFLICT', recovery: 'none' },
  'task.changed': { trpc: 'CONFLICT', recovery: 'none' },
  'comment.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'template.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'template.changed': { trpc: 'CONFLICT', recovery: 'none' },
  'trigger.missing': { trpc: 'NOT_FOUND', recovery: 'none' },
  'trigger.unsigned': { trpc: 'UNAUTHORIZED', recovery: 'none' },

  // What ends a turn badly
  'agent.crashed': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'send-again' },
  'agent.protocol-error': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'send-again' },
  'agent.signed-out': { trpc: 'PRECONDITION_FAILED', recovery: 'replace' },
  'provider.refused-key': { trpc: 'PRECONDITION_FAILED', recovery: 'replace' },
  'provider.out-of-quota': { trpc: 'TOO_MANY_REQUESTS', recovery: 'wait' },
  'provider.failed': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'send-again' },
  'provider.unreachable': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'send-again' },
  'provider.garbled': { trpc: 'SERVICE_UNAVAILABLE', recovery: 'send-again' },
  'provider.rejected-request': { trpc: 'UNPROCESSABLE_CONTENT', recovery: 'choose-model' },
} as const satisfies Record<string, { trpc: TrpcCode; recovery: Recovery }>

export type FailureCode = keyof typeof failures

/** Small facts for the sentence ("which harness", "which host"); never a secret, never a body. */
export type FailureFacts = Readonly<Record<string, string | number | boolean | readonly string[] | null>>

/** A failure with a code from the table above. Outcomes that a caller handles anyway are returned, not thrown. */
export class DomainError extends Error {
  override readonly name = 'DomainError'
  readonly code: FailureCode
  readonly facts: FailureFacts

  constructor(code: FailureCode, facts: FailureFacts = {}) {
    super(code)
    this.code = code
    this.facts = facts
  }
}

export const isFailureCode = (value: unknown): value is FailureCode => typeof value === 'string' && Object.hasOwn(failures, value)
