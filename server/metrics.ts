/** Counters for `GET /metrics`. Labels are names from our code, never a path or an id. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export const metrics = new Registry()

collectDefaultMetrics({ register: metrics, prefix: 'gatehouse_' })

export const httpRequests = new Counter({
  name: 'gatehouse_http_requests_total',
  help: 'Answered HTTP requests by part of the server and status class.',
  labelNames: ['part', 'status'] as const,
  registers: [metrics],
})

export const httpSeconds = new Histogram({
  name: 'gatehouse_http_request_seconds',
  help: 'Seconds until an HTTP request was answered in full.',
  labelNames: ['part'] as const,
  buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300],
  registers: [metrics],
})

/** By code, since a batch answers 200 or 207 whatever is in it. */
export const procedureFailures = new Counter({
  name: 'gatehouse_procedure_failures_total',
  help: 'Failed procedures by tRPC code.',
  labelNames: ['code'] as const,
  registers: [metrics],
})

/** Set once a day by the server that checks; see `server/chats/log-check.ts`. */
export const logFaults = new Gauge({
  name: 'gatehouse_log_faults',
  help: "Findings of the last daily check of the chats' logs, by the promise that is broken.",
  labelNames: ['rule'] as const,
  registers: [metrics],
})
