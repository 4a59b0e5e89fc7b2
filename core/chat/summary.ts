/**
 * What an agent that has not met a chat is told of it, in a fork or where the chat goes on without its workspace: put together from the log by rule, without a model, so that the
 * same chat always gives the same text, of bounded length, and nobody pays for it. Pure.
 * From: `server/chats/summary.ts`.
 */
import { hasEnded } from '#core/chat/fold-turn.ts'
import type { Turn } from '#core/chat/view.ts'

/** Whatever the chat holds, its summary is no longer than this. */
export const SUMMARY_MAX_CHARS = 24_000
const PROMPTS_MAX = 16
const PROMPT_MAX_CHARS = 400
const REPLIES_MAX = 3
const REPLY_MAX_CHARS = 3_000
const FILES_MAX = 40
const PATH_MAX_CHARS = 120

/** `move`: it is the same chat, on another machine. */
export type Summarized = { title: string; agent: string; why: 'fork' | 'move'; nameOf: (userId: string) => string }

/** Gathers what is needed while the turns pass by. */
export class SummaryMaker {
  readonly #about: Summarized
  #first: Turn | null = null
  #last: Turn[] = []
  #count = 0
  #changes: Turn['changes'] = null

  constructor(about: Summarized) {
    this.#about = about
  }

  /** Turns in their order. One that waits or is at work says only what was asked. */
  add(turn: Turn): void {
    this.#count += 1
    this.#first ??= turn
    this.#last = [...this.#last, turn].slice(-(PROMPTS_MAX - 1))
    this.#changes = turn.changes ?? this.#changes
  }

  toString(): string {
    const parts = [this.#opening(), ...this.#prompts(), ...this.#replies(), ...this.#files(), '[End of the context. The prompt follows.]']
    return parts.join('\n\n').slice(0, SUMMARY_MAX_CHARS)
  }

  #opening(): string {
    const { title, agent, why } = this.#about
    const named = title === '' ? '' : `, “${line(title, 200)}”`
    const made = 'It was put together from that chat’s log by rule and may be cut; nobody wrote it for you.'
    return why === 'fork'
      ? `[Context that Gatehouse carries over from another chat${named}, with ${agent}. ${made} You work in a fresh copy: what was changed there is not here.]`
      : `[This chat${named} goes on here from another machine, and you have not met it. This is its context. ${made} You work in a fresh copy: what was changed there and not pushed is not here.]`
  }

  #prompts(): string[] {
    if (!this.#first) return []
    const shown = this.#last.includes(this.#first) ? this.#last : [this.#first, ...this.#last]
    const rows = shown.map((turn) => `- ${line(this.#about.nameOf(turn.by), 60)}: ${line(textOf(turn), PROMPT_MAX_CHARS)}${stateOf(turn)}`)
    const left = this.#count - shown.length
    if (left > 0) rows.splice(1, 0, `- (${left} more)`)
    return [`What was asked, in order:\n${rows.join('\n')}`]
  }

  /** The ends of the last replies, where agents say what they did. */
  #replies(): string[] {
    const said = this.#last.flatMap((turn) => {
      const text = turn.items.flatMap((item) => (item.is === 'reply' ? [item.text.trim()] : [])).join('\n\n')
      return text === '' ? [] : [`To “${line(textOf(turn), 80)}”:\n${ending(text)}`]
    })
    return said.length === 0 ? [] : [`What ${this.#about.agent} answered last:\n\n${said.slice(-REPLIES_MAX).join('\n\n')}`]
  }

  #files(): string[] {
    const files = this.#changes?.files ?? []
    if (files.length === 0) return []
    const rows = files
      .slice(0, FILES_MAX)
      .map((file) => `- ${file.status} ${line(file.path, PATH_MAX_CHARS)} (+${file.added} −${file.removed})`)
    const left = files.length - rows.length
    return [`Files that were changed there:\n${[...rows, ...(left > 0 ? [`- and ${left} more`] : [])].join('\n')}`]
  }
}

const textOf = (turn: Turn): string => turn.prompt.map((block) => block.text).join('\n')
const stateOf = (turn: Turn): string => (hasEnded(turn) && turn.status !== 'completed' ? ` (${turn.status})` : '')

function line(text: string, max: number): string {
  const whole = text.replaceAll(/\s+/g, ' ').trim()
  return whole.length <= max ? whole : `${whole.slice(0, max - 1).toWellFormed()}…`
}

const ending = (text: string): string => (text.length <= REPLY_MAX_CHARS ? text : `…${text.slice(1 - REPLY_MAX_CHARS).toWellFormed()}`)
