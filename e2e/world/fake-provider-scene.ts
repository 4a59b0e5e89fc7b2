/**
 * The language in which a test says what the fake provider does: one list of steps per
 * request. `fake-provider.ts` plays them; the dialect files turn them into bytes.
 */
import type { TokenCounts } from '#core/models/usage.ts'

/** The dialects that the fake provider speaks. */
export type FakeDialect = 'anthropic-messages' | 'openai-chat' | 'openai-responses' | 'gemini-generate'

/** What a request asks, read strictly out of its dialect. */
export type Ask = {
  dialect: FakeDialect
  model: string
  isStream: boolean
  /** Only for openai-chat: whether the stream is to end with a usage frame. */
  wantsUsage: boolean
  /** All text that is neither a person's nor the model's: system prompts, reminders, environment. */
  system: string
  /** Names of the offered tools; `exec` may be Codex's freeform tool. */
  tools: ReadonlySet<string>
  /** The answer must be JSON of this schema (titles, classifiers). */
  schema: unknown
  /** What people wrote, oldest first. */
  prompts: readonly string[]
  /** Results of tool calls since the newest prompt, oldest first. */
  results: readonly string[]
}

export type Step =
  | { is: 'text'; text: string }
  | { is: 'thought'; text: string }
  /** An object calls a function; a string calls a freeform tool (openai-responses only). */
  | { is: 'toolCall'; name: string; input: Readonly<Record<string, unknown>> | string }
  /** The whole answer: must be the only step. `body` null gives the dialect's own error shape. */
  | { is: 'error'; status: number; message: string; body: string | null; headers: Readonly<Record<string, string>> }
  /** Bytes that are not of the dialect: as the only step the whole answer, else in the middle of a stream. */
  | { is: 'garbage'; bytes: string; contentType: string }
  | { is: 'slow'; ms: number }
  /** Waits until the test calls `open(name)`. */
  | { is: 'gate'; name: string }
  /** Says nothing more; ends when the client leaves. As the first step not even a head is sent. */
  | { is: 'hang' }
  /** Breaks the connection. */
  | { is: 'cut' }
  /** Ends the body properly, but before the dialect's last event. */
  | { is: 'stopShort' }
  /** What the answer reports, instead of a count made from its size. */
  | { is: 'usage'; tokens: TokenCounts }
  /** Why the model stopped, when it is not the usual reason. */
  | { is: 'stop'; reason: 'max-tokens' | 'refusal' }
  | { is: 'redirect'; to: string }
  /** Extra headers on the answer, for tests of what a proxy lets through. */
  | { is: 'headers'; headers: Readonly<Record<string, string>> }

/** Answers one request. */
export type Scene = readonly Step[]

export const text = (words: string): Step => ({ is: 'text', text: words })
export const thought = (words: string): Step => ({ is: 'thought', text: words })
export const toolCall = (name: string, input: Readonly<Record<string, unknown>> | string): Step => ({ is: 'toolCall', name, input })
export const error = (
  status: number,
  {
    message = `The provider answers ${status}.`,
    body = null,
    headers = {},
  }: { message?: string; body?: string | null; headers?: Record<string, string> } = {},
): Step => ({ is: 'error', status, message, body, headers })
export const garbage = (bytes = '<html>This is not what you asked for.</html>', contentType = 'text/html'): Step => ({
  is: 'garbage',
  bytes,
  contentType,
})
export const slow = (ms: number): Step => ({ is: 'slow', ms })
export const gate = (name: string): Step => ({ is: 'gate', name })
export const hang = (): Step => ({ is: 'hang' })
export const cut = (): Step => ({ is: 'cut' })
export const stopShort = (): Step => ({ is: 'stopShort' })
export const redirect = (to: string): Step => ({ is: 'redirect', to })
export const headers = (extra: Readonly<Record<string, string>>): Step => ({ is: 'headers', headers: extra })
export const stop = (reason: 'max-tokens' | 'refusal'): Step => ({ is: 'stop', reason })
export const usage = (tokens: Partial<TokenCounts>): Step => ({
  is: 'usage',
  tokens: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, ...tokens },
})

/** Thrown by the dialect readers: the request is not what a real provider would take. */
export class Unexpected extends Error {}

export function demand(condition: unknown, complaint: string): asserts condition {
  if (!condition) throw new Unexpected(complaint)
}

export type Json = Readonly<Record<string, unknown>>
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

export function demandObject(value: unknown, what: string): Json {
  demand(isObject(value), `${what} is no object`)
  return value
}
export function demandArray(value: unknown, what: string): readonly unknown[] {
  demand(Array.isArray(value), `${what} is no array`)
  return value
}
export function demandString(value: unknown, what: string): string {
  demand(typeof value === 'string', `${what} is no string`)
  return value
}

/** Harnesses put their own words into user messages; a person's words begin otherwise. */
const HARNESS_SAYS =
  /^\s*(?:<(?:system-reminder|environment_context|user_instructions|session_context|permissions instructions|skills_instructions|turn_aborted|command-|local-command)|Tool loaded\.\s*$)/
export const isHarnessSpeaking = (words: string): boolean => HARNESS_SAYS.test(words)

/** Text in pieces as a model would stream it: a few words each, never through the middle of a character. */
export function pieces(words: string, size = 24): string[] {
  const characters = Array.from(words)
  const found: string[] = []
  for (let at = 0; at < characters.length; at += size) found.push(characters.slice(at, at + size).join(''))
  return found.length > 0 ? found : ['']
}

/** One thing the model says, as far as a dialect minds. */
export type Said = Extract<Step, { is: 'text' | 'thought' | 'toolCall' }>

/** How the answer ends: what it reports, and why the model stopped. */
export type Ending = { tokens: TokenCounts; stop: 'end' | 'max-tokens' | 'refusal' }

/** Writes one streamed answer: each string is one frame, so that the server can pause between any two. */
export type StreamWriter = {
  open(): string[]
  say(said: Said): string[]
  close(ending: Ending): string[]
}

/** What a path may say of a request, in Gemini's dialect. */
export type SaidInPath = { model: string; isStream: boolean }

/** A dialect: how a request reads, and how an answer is written. `id` tells answers apart. */
export type Speech = {
  read(body: Json, inPath: SaidInPath | null): Ask
  stream(ask: Ask, id: string, tokens: TokenCounts): StreamWriter
  whole(ask: Ask, id: string, said: readonly Said[], ending: Ending): Json
  error(status: number, message: string): Json
}
