/**
 * How much of what the proxy gives to one client, one upstream, one run. Every number is an
 * option of `createProxyHandler`, so that a test meets a limit without waiting for it.
 */
export type ProxyLimits = {
  /** Of a request's body. Anthropic's own limit; short of it a request of an agent is no attack. */
  bodyBytes: number
  /** In which a whole body must have come, however slowly its bytes do. */
  bodyMs: number
  /** For how long a client that reads nothing may hold an answer, and with it the upstream. */
  stalledClientMs: number
  /** Requests that are under way at once: of one run, and of all. An agent with a swarm of helpers stays below. */
  perRun: number
  perProcess: number
  /** Records of requests that are over and that the database has not taken yet: above that it is slower than its load. */
  unsettled: number
  /** Upstreams with connections kept open; tenants choose them, so there must be an end. */
  origins: number
  /** A model may think for minutes before its first byte … */
  upstreamHeadMs: number
  /** … and pause between two. */
  upstreamIdleMs: number
}

export const usualLimits: ProxyLimits = {
  bodyBytes: 32 * 1024 * 1024,
  bodyMs: 120_000,
  stalledClientMs: 120_000,
  perRun: 64,
  perProcess: 4_000,
  unsettled: 5_000,
  origins: 256,
  upstreamHeadMs: 600_000,
  upstreamIdleMs: 300_000,
}
