/**
 * Tells daemons that something waits for them. Only hints: what they are to do they fetch by claiming or
 * renewing. The sweep repeats what a lost hint left undone, and ends what must not go on: leases of daemons that
 * fell silent, runs on a login that was taken away.
 * From: the bus. Next: `agent/uplink.ts`.
 */
import type { NodeId } from '#core/ids.ts'
import { SERVER_ASKS, SERVER_HINT, type ServerHint } from '#core/links/daemon.ts'
import { lookBehind, type Line } from '#server/daemons/identity-service.ts'
import { endRevokedLogins, endSilentLeases } from '#server/daemons/lease.ts'
import { updateSeen } from '#server/daemons/node-store.ts'
import { pool } from '#server/db/client.ts'
import { log } from '#server/log.ts'
import { onHint, onReconnected } from '#server/realtime/bus.ts'

const SWEEP_EVERY_MS = 2_000
const SEEN_EVERY_MS = 10_000
/** How long after its lease ran out a daemon may still come back and deliver before its turn counts as interrupted. */
const SILENCE_GRACE_MS = 45_000

/** Longer than a living daemon is ever busy without a pause. */
const ANSWER_MS = 5_000

/** The part of a socket that is told and asked things. */
export type DaemonLine = {
  id: string
  emit(event: string, payload: unknown): unknown
  timeout(ms: number): { emitWithAck(event: string): Promise<unknown> }
  disconnect(close: boolean): unknown
}

export const lineOf = (line: DaemonLine): Line => ({
  id: line.id,
  answers: () =>
    line
      .timeout(ANSWER_MS)
      .emitWithAck(SERVER_ASKS)
      .then(
        () => true,
        () => false,
      ),
  cut: () => void line.disconnect(true),
})

export class Dispatcher {
  readonly #lines = new Map<NodeId, Set<DaemonLine>>()
  readonly #startedAtMs = performance.now()
  readonly #stops: (() => void)[]
  #sweeping: Promise<void> | null = null

  constructor() {
    const sweep = setInterval(() => void this.sweep(), SWEEP_EVERY_MS).unref()
    const seen = setInterval(() => void this.#touch(), SEEN_EVERY_MS).unref()
    this.#stops = [
      () => clearInterval(sweep),
      () => clearInterval(seen),
      onReconnected(() => void this.sweep()),
      onHint((hint) => {
        if (hint.about === 'work') this.#tell(hint.nodeId, { hint: 'work' })
        else if (hint.about === 'commands') this.#tell(hint.nodeId, { hint: 'commands', chatId: hint.chatId })
        else if (hint.about === 'lease-lost') this.#tell(hint.nodeId, { hint: 'lease-lost', chatId: hint.chatId, epoch: hint.epoch })
        else if (hint.about === 'yield') this.#tell(hint.nodeId, { hint: 'yield', chatId: hint.chatId })
        else if (hint.about === 'install') this.#tell(hint.nodeId, { hint: 'install', harness: hint.harness })
        else if (hint.about === 'sign-in') this.#tell(hint.nodeId, { hint: 'sign-in', signInId: hint.signInId })
        else if (hint.about === 'sign-in-over') this.#tell(hint.nodeId, { hint: 'sign-in-over', signInId: hint.signInId })
        else if (hint.about === 'node-cut') for (const line of this.#lines.get(hint.nodeId) ?? []) line.disconnect(true)
        else if (hint.about === 'node-greeted') this.#lookBehind(hint)
      }),
    ]
  }

  add(nodeId: NodeId, line: DaemonLine): void {
    this.#lines.set(nodeId, (this.#lines.get(nodeId) ?? new Set()).add(line))
  }

  /** False when it was not here. */
  remove(nodeId: NodeId, line: DaemonLine): boolean {
    const lines = this.#lines.get(nodeId)
    if (!lines?.delete(line)) return false
    if (lines.size === 0) this.#lines.delete(nodeId)
    return true
  }

  /** One at a time; never rejects. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweepOnce()
      .catch((error: unknown) => log.warn({ err: error }, 'Leases could not be looked after'))
      .finally(() => (this.#sweeping = null))
    return this.#sweeping
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }

  async #sweepOnce(): Promise<void> {
    // After a server's own absence all leases have run out: daemons get their time to come back first.
    if (performance.now() - this.#startedAtMs > SILENCE_GRACE_MS) await endSilentLeases(SILENCE_GRACE_MS)
    await endRevokedLogins()
    if (this.#lines.size === 0) return
    const { rows } = await pool().query<{ nodeId: NodeId | null }>(
      `select distinct c."nodeId" from command k join chat_head h on h."chatId" = k."chatId" join chat c on c.id = k."chatId"
       where k.state = 'queued' and k.kind = 'prompt' and (h."leaseUntil" is null or h."leaseUntil" < now())`,
    )
    for (const { nodeId } of rows) this.#tell(nodeId, { hint: 'work' })
  }

  #lookBehind({ nodeId, connection }: { nodeId: NodeId; connection: string }): void {
    for (const line of this.#lines.get(nodeId) ?? []) {
      if (line.id === connection) continue
      lookBehind(nodeId, lineOf(line)).catch((error: unknown) =>
        log.error({ err: error, nodeId }, 'An older connection could not be asked'),
      )
    }
  }

  #tell(nodeId: NodeId | null, hint: ServerHint): void {
    const lines = nodeId === null ? [...this.#lines.values()].flatMap((each) => [...each]) : [...(this.#lines.get(nodeId) ?? [])]
    for (const line of lines) line.emit(SERVER_HINT, hint)
  }

  async #touch(): Promise<void> {
    if (this.#lines.size === 0) return
    await updateSeen([...this.#lines.values()].flatMap((lines) => [...lines].map((line) => line.id))).catch((error: unknown) =>
      log.warn({ err: error }, 'Nodes could not be marked as seen'),
    )
  }
}
