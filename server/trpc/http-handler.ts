/** The API over HTTP: `/api/trpc/<router>.<procedure>`, plain JSON, cookie or bearer token. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import { appRouter } from '#server/trpc/app-router.ts'
import { contextOf, webHeaders } from '#server/trpc/context.ts'
import { procedureFailures } from '#server/metrics.ts'

const PREFIX = '/api/trpc/'
/** One GET could ask for thousands otherwise. */
const MAX_BATCH = 10
const MAX_BODY_BYTES = 6_000_000

export function createApiHandler({ isTesting }: { isTesting: boolean }) {
  return (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    res.setHeader('cache-control', 'no-store')
    return nodeHTTPRequestHandler({
      router: appRouter,
      path: (req.url ?? '').split('?', 1)[0]!.slice(PREFIX.length),
      req,
      res,
      maxBatchSize: MAX_BATCH,
      maxBodySize: MAX_BODY_BYTES,
      createContext: () => contextOf(webHeaders(req), isTesting ? null : (req.socket.remoteAddress ?? null)),
      onError: ({ error }) => procedureFailures.inc({ code: error.code }),
    })
  }
}
