/**
 * Where a program trades its sentinel for the next access token of a brokered login. The
 * same path stands behind the run's gateway and, below `/ai`, at the server.
 * Flow: `core/harnesses/codex.ts` → `agent/sandbox/gateway.ts` → `server/logins`.
 */
export const loginTokenPath = (format: string): string => `/login/${encodeURIComponent(format)}/token`

/** The path at the server. */
export const serverLoginTokenPath = (format: string): string => `/ai${loginTokenPath(format)}`

/** What such a request holds is a client id, a grant type and a sentinel. */
export const LOGIN_TOKEN_MAX_BYTES = 16 * 1024
