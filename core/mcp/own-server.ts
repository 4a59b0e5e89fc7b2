/** MCP servers that a project brings to its agents beside ours: what may be said of one, and what a look at it finds. Pure. */
import { z } from 'zod'
import { MCP_SERVER_NAME } from '#core/mcp/tool-groups.ts'

export const OWN_SERVERS_MAX = 10
export const OWN_HEADERS_MAX = 8

/** It stands before the names of its tools. */
export const OwnServerName = z
  .string()
  .trim()
  .regex(/^[a-z][a-z0-9-]{0,29}$/, 'A name is made of small letters, digits and hyphens, and begins with a letter')
  .refine((name) => name !== MCP_SERVER_NAME, 'This is the name of our own server')

/** What the protocol and the connection say for themselves. */
const NOT_FREE =
  /^(host|content-.*|connection|transfer-encoding|te|trailer|upgrade|expect|accept|accept-encoding|origin|cookie|last-event-id|mcp-.*|proxy-.*|x-gatehouse-.*)$/i

export const OwnServerHeader = z.object({
  name: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9-]{1,100}$/, 'A header’s name is made of letters, digits and hyphens')
    .refine((name) => !NOT_FREE.test(name), 'This header is not free to be set'),
  value: z
    .string()
    .trim()
    .min(1)
    .max(8_000)
    .regex(/^[\t\x20-\x7e]+$/, 'A header’s value is made of plain characters'),
})
export type OwnServerHeader = z.infer<typeof OwnServerHeader>

export const Finding = z.discriminatedUnion('is', [
  z.object({ is: z.literal('good'), title: z.string(), tools: z.array(z.string()) }),
  /** It answers, and not to us: a header is wrong, or it wants a person to sign in. */
  z.object({ is: z.literal('refused'), status: z.int() }),
  /** It answers, and not as an MCP server does. */
  z.object({ is: z.literal('not-mcp'), status: z.int().nullable() }),
  z.object({ is: z.literal('unsafe') }),
  z.object({ is: z.literal('unreachable') }),
  /** What opens it cannot be read with this master key. */
  z.object({ is: z.literal('unreadable') }),
])
export type Finding = z.infer<typeof Finding>
