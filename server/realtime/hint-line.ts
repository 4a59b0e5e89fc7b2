/** What carries hints between processes: lossy by contract, since every hint is only a reason to look sooner. */
export type HintLine = {
  /** How many parts it has for what is said of single logs; 0 when everybody hears everything. */
  readonly shards: number
  readonly payloadMaxBytes: number
  isUp(): boolean
  /** Never waits, never fails; while the line is down, nothing leaves. */
  send(payload: string, shard: number | null): void
  /** From soon on what is said in this part arrives here, or no more. */
  hear(shard: number, isHeard: boolean): void
  /** Resolves when nothing of it is left. */
  close(): Promise<void>
}

type Ears = {
  onPayload(payload: string): void
  /** After each connection: what was said before it is lost. */
  onUp(): void
}

/** Keeps a line to `url` up until it is closed. */
export type OpenLine = (url: string, ears: Ears) => HintLine
