/** What a call of the API starts with: who calls and which team they ask for. */
import type { IncomingMessage } from 'node:http'
import { identify, TEAM_HEADER } from '#server/accounts/service.ts'
import type { Context } from '#server/trpc/base.ts'

export async function contextOf(headers: Headers, clientAddress: string | null): Promise<Context> {
  return { caller: await identify(headers), teamId: headers.get(TEAM_HEADER), clientAddress }
}

/** Node's headers as the web's; a header that came several times is joined. */
export function webHeaders(request: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return headers
}
