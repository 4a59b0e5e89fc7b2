/** Delivers what an earlier daemon had written and not sent: into the log where its epoch still counts, else beside it. */
import { deliver } from '#agent/delivery.ts'
import { openOutbox, outboxesIn } from '#agent/outbox.ts'
import type { Call } from '#agent/uplink.ts'

/** Resolves when every outbox is empty. */
export async function replayOutboxes(outboxRoot: string, call: Call): Promise<void> {
  await Promise.all(
    outboxesIn(outboxRoot).map(async (chatId) => {
      const outbox = openOutbox(outboxRoot, chatId)
      const delivery = deliver(outbox, call, { onAccepted: () => {}, onFenced: () => {} })
      delivery.kick()
      await delivery.drained()
      delivery.stop()
      outbox.close()
    }),
  )
}
