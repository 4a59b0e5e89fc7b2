/** Where our MCP server answers, and under the same path behind a run's gateway. Read by `server/mcp`, the gateway and the planner. */
export const MCP_PATH = '/mcp'
