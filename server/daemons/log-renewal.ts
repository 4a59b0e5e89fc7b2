/**
 * A database that was put back to an earlier state holds another history than browsers and daemons know: numbers are dealt out
 * a second time. From then on each log goes by another id, so that no browser mixes the two, and its epochs lie beyond any that
 * the lost history can have had, so that nothing of a daemon from then is taken for what comes now.
 * From: `gatehouse restore` and `gatehouse restored`; and `ingest.ts`, where a daemon has proof of it.
 */
import type { ChatId, NodeId } from '#core/ids.ts'
import { announceAppended, lockHead } from '#server/chats/append.ts'
import { forceEnd, tellLost } from '#server/daemons/lease.ts'
import { inTransaction, type PoolClient } from '#server/db/client.ts'
import { log } from '#server/log.ts'

/** More claims than any chat can have seen between a backup and its restore. */
const EPOCHS_BEYOND = 1_000_000
/** Neither counted, since a log may be restored twice from one backup, nor a time, since clocks are set back. */
const ANOTHER_ID = '1 + floor(random() * 2147483646)::int'

/** For all chats; what ran in any of them is over, which the dispatcher finds in leases that ran out long ago. */
export async function renewAllLogs(tx: PoolClient): Promise<void> {
  await tx.query(
    `insert into lease_log ("chatId", epoch, "nodeId", "finalPseq")
     select "chatId", epoch, "nodeId", pseq from chat_head where epoch > 0 order by "chatId" for update on conflict do nothing`,
  )
  await tx.query(
    `update chat_head set "logId" = ${ANOTHER_ID}, epoch = epoch + $1, pseq = 0, "leaseUntil" = case when "nodeId" is not null then to_timestamp(0) end`,
    [EPOCHS_BEYOND],
  )
}

/** For one, of which a daemon knows more than the database: its lease is over, and so is what runs. */
export async function renewLog(chatId: ChatId, { nodeId, epoch }: { nodeId: NodeId; epoch: number }): Promise<void> {
  const { ended, held } = await inTransaction(async (tx) => {
    const head = await lockHead(tx, chatId)
    const holder = { ...head, chatId, pseq: String(head.pseq) }
    const appended = await forceEnd(tx, holder)
    await tx.query(`update chat_head set "logId" = ${ANOTHER_ID}, epoch = greatest(epoch, $2::int + 1) where "chatId" = $1`, [
      chatId,
      epoch,
    ])
    return { ended: appended, held: holder }
  })
  log.error({ chatId, nodeId, epoch }, 'The log of a chat lacks what it had confirmed to its daemon: the database was put back')
  announceAppended(ended)
  tellLost(held)
}
