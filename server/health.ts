/**
 * `GET /api/health`: 200 when the server can do its work, else 503 with what is missing.
 * Says nothing that a stranger could use. `GET /metrics` is for this machine only.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { metrics } from '#server/metrics.ts'

export type HealthCheck = () => boolean | Promise<boolean>

export class Health {
  #checks = new Map<string, HealthCheck>()
  #state: 'starting' | 'up' | 'draining' = 'starting'

  /** A check that throws counts as failed. */
  add(name: string, check: HealthCheck): void {
    this.#checks.set(name, check)
  }

  up(): void {
    this.#state = 'up'
  }

  /** From now on load balancers send nobody here. */
  drain(): void {
    this.#state = 'draining'
  }

  async read(): Promise<{ isReady: boolean; state: string; checks: Record<string, boolean> }> {
    const checks: Record<string, boolean> = {}
    // Before that, and on the way out, the parts that checks ask may not be there.
    if (this.#state === 'up')
      for (const [name, check] of this.#checks)
        checks[name] = await Promise.resolve()
          .then(check)
          .catch(() => false)
    return { isReady: this.#state === 'up' && Object.values(checks).every(Boolean), state: this.#state, checks }
  }
}

export async function answerHealth(health: Health, res: ServerResponse): Promise<void> {
  const { isReady, ...report } = await health.read()
  res
    .writeHead(isReady ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify({ isReady, ...report }))
}

export async function answerMetrics(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const address = req.socket.remoteAddress ?? ''
  // Someone in front of us is on this machine too, and says whom they speak for.
  const isRelayed = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'].some((name) => req.headers[name] !== undefined)
  const isLocal = /^(127\.|::1$|::ffff:127\.)/.test(address) && !isRelayed
  if (!isLocal) return void res.writeHead(404).end()
  res.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.metrics())
}
