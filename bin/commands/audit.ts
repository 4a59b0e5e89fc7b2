/** `gatehouse audit verify`: proves the audit log, and names each entry that is not what was written. Exit code 1 when there is one. */
import { readFlags } from '#bin/commands/arguments.ts'
import { openOwnDatabase } from '#bin/commands/own-database.ts'
import { verifyAuditLog } from '#server/audit/verify.ts'
import type { Finding } from '#server/audit/walk.ts'
import { env } from '#server/env.ts'

export async function verifyAudit(args: string[]): Promise<number> {
  readFlags(args, {})
  const close = await openOwnDatabase(env())
  try {
    const { entries, anchoredTo, findings } = await verifyAuditLog({ home: env().home })
    for (const finding of findings) console.log(sentenceOf(finding))
    if (anchoredTo === null && entries > 0)
      console.log(
        `${env().home} has no audit.anchor, so an end that was cut off could not be noticed. A server that starts on this folder makes one.`,
      )
    if (findings.length === 0)
      console.log(`The audit log is whole: ${countOf(entries)}${anchoredTo ? `, anchored up to entry ${anchoredTo}` : ''}.`)
    else
      console.log(`The audit log was changed: ${findings.length} ${findings.length === 1 ? 'finding' : 'findings'} in ${countOf(entries)}.`)
    return findings.length === 0 ? 0 : 1
  } finally {
    await close()
  }
}

const countOf = (entries: number) => (entries === 1 ? '1 entry' : `${entries} entries`)

function sentenceOf(finding: Finding): string {
  switch (finding.is) {
    case 'edited':
      return `Entry ${finding.seq} was edited: its hash no longer fits what it says.`
    case 'inserted':
      return `Entry ${finding.seq} was inserted: no other entry follows it in the chain.`
    case 'removed':
      return `${rangeOf(finding)} removed: later entries still link to what is missing.`
    case 'cut':
      return `${rangeOf(finding)} cut off the end: the anchor names entry ${finding.to}.`
    case 'rewritten':
      return `${rangeOf(finding)} written anew: the chain fits itself, but not the anchor.`
  }
}

const rangeOf = ({ from, to }: { from: number; to: number }) => (from === to ? `Entry ${from} was` : `Entries ${from} to ${to} were`)
