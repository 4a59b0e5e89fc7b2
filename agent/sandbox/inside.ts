/**
 * Where things stand inside the sandbox. The same in every run, so that a resumed
 * session finds its working directory under the path it remembers.
 */
export const inside = {
  home: '/home/agent',
  workdir: '/work',
  node: '/opt/gatehouse/bin/node',
  /** The program folder of the harness, read-only. */
  harness: '/opt/gatehouse/harness',
  bridge: '/opt/gatehouse/bin/bridge.mts',
  mcpBridge: '/opt/gatehouse/bin/mcp-bridge.mts',
  /** Certificates of a test's vendors. */
  vendorCa: '/etc/gatehouse-vendors.pem',
  socket: '/run/gatehouse/gateway.sock',
  /** Only `lo` exists inside, so this port belongs to the run alone. */
  port: 8377,
} as const

/** The last entry lets a project's own `node` win over ours. */
export const insidePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/gatehouse/bin'
