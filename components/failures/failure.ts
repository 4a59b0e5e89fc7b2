/**
 * Reads what a failed call means. Three kinds look alike and are told apart here:
 * a failure of the domain (a code), a server that cannot be reached, and a fault of ours.
 */
import { isFailureCode, type FailureCode, type FailureFacts } from '#core/errors.ts'
import { failureWords, type FailureWords } from '#components/failures/sentences.ts'

export type Failure =
  | { is: 'domain'; code: FailureCode; facts: FailureFacts }
  | { is: 'unreachable' }
  /** The server was replaced by another version while this page was open. */
  | { is: 'outdated' }
  | { is: 'fault'; logId: string | null; message: string }

/** `error` is whatever a query, a mutation or a fetch threw. */
export function failureOf(error: unknown): Failure {
  const data = part(error, 'data')
  const domain = part(data, 'domain')
  const code = part(domain, 'code')
  if (isFailureCode(code)) return { is: 'domain', code, facts: (part(domain, 'facts') as FailureFacts | undefined) ?? {} }
  const message = part(error, 'message')
  if (part(error, 'name') === 'ChunkLoadError') return { is: 'outdated' }
  // tRPC gives an error without data when no answer came at all; fetch throws a TypeError.
  if (data === undefined && (error instanceof TypeError || part(error, 'cause') instanceof TypeError)) return { is: 'unreachable' }
  const logId = part(data, 'logId')
  return {
    is: 'fault',
    logId: typeof logId === 'string' ? logId : null,
    message: typeof message === 'string' ? message : 'Unknown failure',
  }
}

/** Sentence and recovery of any error, for a place. */
export function wordsOf(
  error: unknown,
  place: { projectId?: string | null; harness?: string | null } = {},
): FailureWords & { details: string | null } {
  const failure = failureOf(error)
  switch (failure.is) {
    case 'domain': {
      const problem = failure.facts['problem']
      const words = failureWords(failure.code, failure.facts, place)
      // What a schema says of the input; short codes of a problem are in the sentence already.
      return { ...words, details: typeof problem === 'string' && problem.includes(' ') && problem !== words.sentence ? problem : null }
    }
    case 'unreachable':
      return {
        sentence: 'The server cannot be reached. What you typed is kept.',
        recovery: 'retry',
        label: 'Try again',
        href: null,
        details: null,
      }
    case 'outdated':
      return {
        sentence: 'Gatehouse was updated while this page was open. Load the page again.',
        recovery: 'retry',
        label: 'Load again',
        href: null,
        details: null,
      }
    case 'fault':
      return {
        sentence: 'Something went wrong on the server.',
        recovery: 'retry',
        label: 'Try again',
        href: null,
        details: failure.logId ? `The server's log has the reason under ${failure.logId}.` : failure.message,
      }
  }
}

function part(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
