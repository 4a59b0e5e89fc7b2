/**
 * What a failed call tells the client: the code and facts of a domain failure, which
 * input was wrong, or, for anything else, an id under which the log has the rest.
 */
import type { TRPCError } from '@trpc/server'
import { z, ZodError } from 'zod'
import { DomainError, type FailureCode, type FailureFacts } from '#core/errors.ts'
import { mintUuid } from '#server/db/mint.ts'
import { log } from '#server/log.ts'

type Shape = { message: string; code: number; data: { code: string; httpStatus: number; path?: string; stack?: string } }
type Described = {
  message: string
  data: { code: string; httpStatus: number; path?: string; domain: { code: FailureCode; facts: FailureFacts } | null; logId: string | null }
}

export function describeError({ shape, error, path }: { shape: Shape; error: TRPCError; path: string | undefined }): Described {
  // The stack and the driver's message, source lines included, stay here.
  const data = { code: shape.data.code, httpStatus: shape.data.httpStatus, ...(path === undefined ? {} : { path }) }
  const cause = error.cause
  if (cause instanceof DomainError) {
    return { message: cause.code, data: { ...data, domain: { code: cause.code, facts: cause.facts }, logId: null } }
  }
  if (error.code === 'BAD_REQUEST' && cause instanceof ZodError) {
    const facts = { fields: cause.issues.map((issue) => issue.path.join('.')), problem: z.prettifyError(cause) }
    return { message: 'request.invalid', data: { ...data, domain: { code: 'request.invalid', facts }, logId: null } }
  }
  if (error.code !== 'INTERNAL_SERVER_ERROR') return { message: shape.message, data: { ...data, domain: null, logId: null } }
  const logId = mintUuid()
  log.error({ logId, path, err: cause ?? error }, 'A procedure failed')
  return { message: `Something went wrong here. The log has it as ${logId}.`, data: { ...data, domain: null, logId } }
}
