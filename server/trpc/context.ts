/** What a call of the API starts with: who calls and which team they ask for. */
import type { IncomingMessage } from 'node:http'
import { identify, TEAM_HEADER } from '#server/accounts/service.ts'
import type { Caller } from '#server/access/scope.ts'
import type { Context } from '#server/trpc/base.ts'

export async function contextOf(headers: Headers, clientAddress: string | null): Promise<Context> {
  return { caller: await identify(headers), teamId: headers.get(TEAM_HEADER), clientAddress }
}

/** Who asks for what is no procedure. */
export const identifyRequest = (request: IncomingMessage): Promise<Caller | null> => identify(webHeaders(request))

/** Node's headers as the web's; a header that came several times is joined. */
export function webHeaders(request: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return headers
}
