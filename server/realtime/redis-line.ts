/**
 * Redis as the line between processes, for more of them than PostgreSQL's NOTIFY carries well: any Redis or Valkey, whose
 * pub/sub is as forgetful as a hint may be. What is said of one log goes through one of many channels, and a process listens
 * only to those of the logs that somebody watches here. Plain channels, since sharded ones (SPUBLISH) differ only in a
 * cluster, where these work too.
 */
import { createClient } from '@redis/client'
import { log } from '#server/log.ts'
import type { HintLine, OpenLine } from '#server/realtime/hint-line.ts'

const SHARDS = 64
/** Redis takes far more; a payload is parsed in one go by everybody who hears it. */
const PAYLOAD_MAX_BYTES = 64_000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 2_000
/** A line that broke without a word is found out by then; meanwhile the sweeps do its work. */
const PING_EVERY_MS = 5_000
const SILENT_AFTER_MS = 15_000

const channelOf = (shard: number | null): string => (shard === null ? 'gatehouse:hints' : `gatehouse:log:${shard}`)

export const openRedisLine: OpenLine = (url, { onPayload, onUp }): HintLine => {
  const options = {
    url,
    pingInterval: PING_EVERY_MS,
    socket: {
      connectTimeout: 5_000,
      socketTimeout: SILENT_AFTER_MS,
      reconnectStrategy: (retries: number) => Math.min(FIRST_PAUSE_MS * 2 ** retries, LONGEST_PAUSE_MS),
    },
  }
  // Whoever listens may say nothing else on that connection.
  const ears = createClient({ ...options, name: 'gatehouse-ears' })
  const mouth = createClient({ ...options, name: 'gatehouse-mouth', disableOfflineQueue: true })
  let isClosed = false
  for (const client of [ears, mouth]) {
    client.on('error', (error: unknown) => isClosed || log.warn({ err: error }, 'The connection to Redis failed'))
    // A reconnection subscribes again to everything before it is ready.
    client.on('ready', () => {
      if (ears.isReady && mouth.isReady && !isClosed) onUp()
    })
  }
  const hear = (shard: number | null) => ears.subscribe(channelOf(shard), onPayload)
  const opening = hear(null).catch(() => {})
  const connecting = [ears, mouth].map((client) => client.connect().catch(() => {}))

  return {
    shards: SHARDS,
    payloadMaxBytes: PAYLOAD_MAX_BYTES,
    isUp: () => ears.isReady && mouth.isReady,
    send(payload, shard) {
      mouth.publish(channelOf(shard), payload).catch(() => {})
    },
    hear(shard, isHeard) {
      const asked = isHeard ? hear(shard) : ears.unsubscribe(channelOf(shard))
      asked.catch(() => {})
    },
    async close() {
      isClosed = true
      for (const client of [ears, mouth]) client.destroy()
      await Promise.all([opening, ...connecting])
    },
  }
}
