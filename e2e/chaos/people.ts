/**
 * People who prompt, queue, withdraw, cancel and answer, each in one chat. They use the API as the browser does: a
 * prompt keeps its id until somebody has confirmed it.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { TRPCClientError } from '@trpc/client'
import type { Asked, PromptKind } from '#e2e/chaos/evidence.ts'
import type { Observer } from '#e2e/chaos/observer.ts'
import type { Random } from '#e2e/chaos/random.ts'
import type { Api } from '#e2e/world/api.ts'

const ATTEMPT_MS = 3_000
/** However a prompt fares, its author goes on after this long. */
const PATIENCE_MS = 12_000
const WORD_EVERY_MS = 8

export type PersonOptions = {
  chatId: string
  /** One for each server; any will do. */
  apis: readonly Api[]
  observer: Observer
  random: Random
  kinds?: readonly PromptKind[]
  /** When it is aborted, nothing new is begun. */
  over: AbortSignal
}

export const usualKinds: readonly PromptKind[] = ['stream', 'stream', 'stream', 'stream', 'cancel', 'cancel', 'withdraw', 'ask', 'crash']

export class Person {
  readonly asked: Asked[] = []
  readonly chatId: string
  readonly #options: PersonOptions

  constructor(options: PersonOptions) {
    this.chatId = options.chatId
    this.#options = options
  }

  /** Prompts until the run is over. */
  async work(): Promise<void> {
    const { random, over, kinds = usualKinds } = this.#options
    while (!over.aborted) {
      await this.#acts[random.pick(kinds)]()
      await pause(random.between(0, 200))
    }
  }

  readonly #acts: Record<PromptKind, () => Promise<void>> = {
    stream: async () => {
      const { random } = this.#options
      const first = await this.send('stream', random.between(20, 120))
      // Some do not wait for the end of a turn.
      if (random.chance(0.3)) await this.send('stream', random.between(5, 30))
      await this.#ended(first)
    },
    /** A chat in which nobody says anything for a while. */
    rest: async () => {
      await pause(this.#options.random.between(4_000, 7_000), undefined, { signal: this.#options.over }).catch(() => {})
    },
    long: async () => this.#ended(await this.send('long', 600)),
    cancel: async () => {
      const turn = await this.send('cancel', 1_500)
      await this.#until(() => this.#said(turn))
      await pause(this.#options.random.between(0, 300))
      await this.#insist((api, signal) => api.chats.cancelTurn.mutate({ chatId: this.#options.chatId, turnId: turn.turnId }, { signal }))
      await this.#ended(turn)
    },
    withdraw: async () => {
      const first = await this.send('stream', 60)
      const second = await this.send('withdraw', 30)
      const answer = await this.#insist((api, signal) =>
        api.chats.withdraw.mutate({ chatId: this.#options.chatId, turnId: second.turnId }, { signal }),
      )
      second.isWithdrawn = answer === 'done'
      await this.#ended(first)
    },
    ask: async () => {
      const { chatId, observer } = this.#options
      const turn = await this.send('ask', 10)
      // However long it takes: a question that nobody answers keeps its turn open, and rightly so.
      while (!this.#question(turn) && !observer.hasEnded(chatId, turn.turnId)) await pause(40)
      const question = this.#question(turn)
      if (question) {
        const { requestId } = question
        await this.#insist((api, signal) => api.chats.answerPermission.mutate({ chatId, requestId, optionId: 'allow' }, { signal }))
      }
      await this.#ended(turn)
    },
    crash: async () => this.#ended(await this.send('crash', 20)),
  }

  async send(kind: PromptKind, words: number): Promise<Asked> {
    const turn: Asked = { turnId: randomUUID(), kind, words, isAcknowledged: false, isWithdrawn: false }
    this.asked.push(turn)
    const { chatId } = this.#options
    const prompt = [{ type: 'text' as const, text: script(turn) }]
    const answer = await this.#insist((api, signal) => api.chats.sendPrompt.mutate({ chatId, turnId: turn.turnId, prompt }, { signal }))
    turn.isAcknowledged = answer === 'done'
    return turn
  }

  #said(turn: Asked): boolean {
    const { chatId, observer } = this.#options
    return Boolean(observer.find(chatId, 'reply.appended', (fact) => fact.turnId === turn.turnId)) || observer.hasEnded(chatId, turn.turnId)
  }
  #question(turn: Asked) {
    return this.#options.observer.find(this.#options.chatId, 'permission.requested', (fact) => fact.turnId === turn.turnId)
  }
  #ended(turn: Asked): Promise<void> {
    return this.#until(() => this.#options.observer.hasEnded(this.#options.chatId, turn.turnId))
  }

  async #until(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS
    while (!holds() && Date.now() < deadline && !this.#options.over.aborted) await pause(40)
  }

  /** Again and again, at one server after the other, until one of them says yes or no. */
  async #insist(call: (api: Api, signal: AbortSignal) => Promise<unknown>): Promise<'done' | 'refused'> {
    const { apis, random } = this.#options
    for (let attempt = random.between(0, 1); ; attempt += 1) {
      try {
        await call(apis[attempt % apis.length]!, AbortSignal.timeout(ATTEMPT_MS))
        return 'done'
      } catch (error) {
        if (isDecided(error)) return 'refused'
        await pause(150)
      }
    }
  }
}

/** A failure with a code of ours is an answer; everything else says nothing about what has happened. */
const isDecided = (error: unknown): boolean =>
  error instanceof TRPCClientError && Boolean((error.data as { domain?: { code: string } | null } | null)?.domain)

function script({ turnId, kind, words }: Asked): string {
  const stream = `stream ${turnId} ${words} ${WORD_EVERY_MS}`
  if (kind === 'ask') return `ask touch the world\n${stream}`
  return kind === 'crash' ? `${stream}\ncrash` : stream
}
