/** `gatehouse check-log`: holds every chat's log against its promises, and names what breaks one. Exit code 1 when there is any. */
import { readFlags } from '#bin/commands/arguments.ts'
import { openOwnDatabase } from '#bin/commands/own-database.ts'
import { findLogFaults } from '#server/chats/log-check.ts'
import { env } from '#server/env.ts'

export async function checkLog(args: string[]): Promise<number> {
  readFlags(args, {})
  const close = await openOwnDatabase(env())
  let faults = 0
  try {
    for await (const { chatId, rule, what } of findLogFaults()) {
      faults += 1
      console.log(`Chat ${chatId}: ${what} (${rule})`)
    }
  } finally {
    await close()
  }
  console.log(faults === 0 ? 'The logs of all chats are whole.' : `${faults} ${faults === 1 ? 'finding' : 'findings'}.`)
  return faults === 0 ? 0 : 1
}
