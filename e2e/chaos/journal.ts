/** What agents wrote down for themselves, beside the protocol: prompts that reached them, and words before they were said. */
import { existsSync, readFileSync } from 'node:fs'

export type Journal = ReadonlyMap<string, { begins: number; said: number; isFinished: boolean }>

/** Lines `begin <turn>`, `say <turn> <number>`, `end <turn>`, by `agent/testing/scripted-agent.ts`. */
export function readJournal(text: string): Journal {
  const turns = new Map<string, { begins: number; said: number; isFinished: boolean }>()
  for (const line of text.split('\n')) {
    const [verb, turnId, number] = line.split(' ')
    if (!turnId) continue
    const turn = turns.get(turnId) ?? { begins: 0, said: 0, isFinished: false }
    turns.set(turnId, turn)
    if (verb === 'begin') turn.begins += 1
    else if (verb === 'say') turn.said = Math.max(turn.said, Number(number) + 1)
    else if (verb === 'end') turn.isFinished = true
  }
  return turns
}

export const journalOf = (file: string): Journal => readJournal(existsSync(file) ? readFileSync(file, 'utf8') : '')
