/** What a key, a slash and a chat's state mean for the composer. */
import type { ChatView } from '#core/chat/view.ts'
import { isActive, textOf } from '#components/chat/timeline.model.ts'

export type Key = {
  key: string
  shiftKey: boolean
  altKey: boolean
  metaKey: boolean
  ctrlKey: boolean
  /** True while an input method composes a character: its Enter belongs to it. */
  isComposing: boolean
  /** 229 says the same in browsers that end composition before the event. */
  keyCode: number
}

export type ComposerState = {
  text: string
  /** Where the caret is; null when text is selected. */
  caret: number | null
  isMenuOpen: boolean
  isRunning: boolean
  isRecalling: boolean
  hasQuestion: boolean
}

export type KeyIntent =
  | 'send'
  | 'approve'
  | 'stop'
  | 'recall-older'
  | 'recall-newer'
  | 'menu-next'
  | 'menu-previous'
  | 'menu-choose'
  | 'menu-close'

/** What we do with a key; null leaves it to the browser (Shift+Enter breaks the line there). */
export function keyIntent(key: Key, state: ComposerState): KeyIntent | null {
  if (key.isComposing || key.keyCode === 229) return null
  const isPlain = !key.shiftKey && !key.altKey && !key.metaKey && !key.ctrlKey
  if (state.isMenuOpen && isPlain) {
    if (key.key === 'ArrowDown') return 'menu-next'
    if (key.key === 'ArrowUp') return 'menu-previous'
    if (key.key === 'Enter' || key.key === 'Tab') return 'menu-choose'
    if (key.key === 'Escape') return 'menu-close'
  }
  if (key.key === 'Enter' && (key.metaKey || key.ctrlKey)) return state.text.trim() === '' && state.hasQuestion ? 'approve' : 'send'
  if (key.key === 'Enter' && isPlain) return 'send'
  if (key.key === 'Escape' && isPlain) return state.isRunning ? 'stop' : null
  if (key.key === 'ArrowUp' && isPlain && (state.text === '' || (state.isRecalling && state.caret === 0))) return 'recall-older'
  if (key.key === 'ArrowDown' && isPlain && state.isRecalling && state.caret === state.text.length) return 'recall-newer'
  return null
}

export type Command = ChatView['commands'][number]

/** The commands that fit what stands after the slash; null when the text is not the beginning of a command. */
export function matchingCommands(text: string, commands: readonly Command[]): readonly Command[] | null {
  const typed = /^\/(\S*)$/.exec(text)?.[1]?.toLowerCase()
  if (typed === undefined) return null
  const starts = commands.filter((command) => command.name.toLowerCase().startsWith(typed))
  const contains = commands.filter((command) => !starts.includes(command) && command.name.toLowerCase().includes(typed))
  const found = [...starts, ...contains]
  return found.length === 0 ? null : found
}

/** My prompts of this chat, newest first, each text once. */
export function recallable(turns: ChatView['turns'], userId: string): string[] {
  const mine = turns.filter((turn) => turn.by === userId).map((turn) => textOf(turn.prompt))
  return [...new Set(mine.toReversed())]
}

export type SendLook = { label: 'Send' | 'Queue'; isPossible: boolean; why: string | null }

/** What the button says, and why it does nothing. Unsent words stay in every case. */
export function sendLook({ view, text, whyNot }: { view: ChatView; text: string; whyNot: string | null }): SendLook {
  const isBusy = view.turns.some((turn) => isActive(turn) || turn.status === 'queued')
  const label = isBusy ? 'Queue' : 'Send'
  if (whyNot !== null) return { label, isPossible: false, why: whyNot }
  return { label, isPossible: text.trim() !== '', why: null }
}

/** How full the agent's context is: the share for the ring, and the words. */
export function contextLook(context: ChatView['context']): { fraction: number; tone: 'quiet' | 'warn' | 'bad'; percent: number } | null {
  if (!context || context.sizeTokens === 0) return null
  const fraction = Math.min(1, context.usedTokens / context.sizeTokens)
  return { fraction, percent: Math.round(fraction * 100), tone: fraction >= 0.9 ? 'bad' : fraction >= 0.75 ? 'warn' : 'quiet' }
}
