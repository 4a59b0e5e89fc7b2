/** What a run that starts is told of the MCP servers that its project brings. What people do with these: `own-service.ts`. */
export { findEnabledServers } from '#server/mcp/own-store.ts'
