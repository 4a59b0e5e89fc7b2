/** Where MCP servers answer, at our server and under the same path behind a run's gateway. Read by `server/mcp`, the gateway and the planner. */
export const MCP_PATH = '/mcp'

/** Of a server that a project brings: it is asked by us, and the run only knows its number. */
export const ownMcpPath = (serverId: string): string => `${MCP_PATH}/own/${serverId}`

/** Null for a path that is none. */
export const ownServerOf = (path: string): string | null =>
  /^\/mcp\/own\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/.exec(path)?.[1] ?? null
