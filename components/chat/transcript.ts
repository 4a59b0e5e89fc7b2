/**
 * The part of a transcript that somebody reads away from its end: a run of stretches, read from the server as they are
 * scrolled to, and forgotten again on the far side, so that a browser holds little of a chat however far people read.
 * It is joined to the end while nothing between them is missing. `chat-feed.ts` holds the end and passes on each event.
 */
import type { ChatEvent } from '#core/chat/events.ts'
import { belongs } from '#core/chat/fold.ts'
import { entriesOf, foldPart, withoutFrom } from '#core/chat/part.ts'
import type { Turn } from '#core/chat/view.ts'
import type { Stretch, WindowPlace } from '#core/chat/window.ts'

export type Reading = {
  turns: readonly Turn[]
  /** How many entries stand before and after what is here; none after it when it is joined to the end. */
  before: number
  after: number
  isJoined: boolean
}
export type TranscriptState = {
  /** Null while only the end is here. */
  reading: Reading | null
  loading: 'before' | 'after' | 'place' | null
  /** What could not be read, until it is tried again. */
  failed: { what: 'before' | 'after' | 'place'; error: unknown } | null
}

export type TranscriptOptions = {
  readStretch: (place: WindowPlace, atLeast: number) => Promise<Stretch>
  /** The end as it is now. */
  end: () => { turns: readonly Turn[]; seq: number; logId: number | null }
  changed: () => void
}

/** Beyond it the far side is forgotten. */
const MAX_ENTRIES = 400

const sizeOf = (turns: readonly Turn[]): number => turns.reduce((sum, turn) => sum + entriesOf(turn), 0)

export class Transcript {
  readonly #options: TranscriptOptions
  #stretches: readonly Stretch[] = []
  #isJoined = false
  #loading: TranscriptState['loading'] = null
  #failed: TranscriptState['failed'] = null
  /** Where somebody wanted to be last. */
  #place: WindowPlace | null = null
  /** Counts what was begun: an answer to what is no longer wanted is not listened to. */
  #attempt = 0
  /** What came while a stretch is on its way. */
  #meanwhile: ChatEvent[] = []

  constructor(options: TranscriptOptions) {
    this.#options = options
  }

  get state(): TranscriptState {
    return { reading: this.#reading(), loading: this.#loading, failed: this.#failed }
  }

  get isJoined(): boolean {
    return this.#stretches.length > 0 && this.#isJoined
  }

  #reading(): Reading | null {
    const [first, last] = [this.#stretches[0], this.#stretches.at(-1)]
    if (!first || !last) return null
    const turns = this.#stretches.flatMap((stretch) => stretch.turns)
    return { turns, before: first.before, after: this.#isJoined ? 0 : last.after, isJoined: this.#isJoined }
  }

  /** What stands before what is here. */
  async loadBefore(): Promise<void> {
    const first = this.#stretches[0]?.turns[0] ?? this.#firstOfEnd()
    if (!first || this.#loading) return
    await this.#load('before', { is: 'before', turnId: first.turnId, item: first.part?.from ?? 0 }, (stretch) => {
      if (this.#stretches.length === 0) this.#isJoined = true
      this.#stretches = stretch.turns.length > 0 ? [stretch, ...this.#stretches] : this.#stretches
      while (this.#isTooMuch()) {
        this.#stretches = this.#stretches.slice(0, -1)
        this.#isJoined = false
      }
    })
  }

  /** What stands between what is here and the end. */
  async loadAfter(): Promise<void> {
    const last = this.#stretches.at(-1)?.turns.at(-1)
    if (!last || this.#loading || this.#isJoined) return
    await this.#load('after', { is: 'after', turnId: last.turnId, item: last.part?.to ?? last.items.length }, (stretch) => {
      const { fitted, meetsEnd } = this.#fitted(stretch)
      this.#isJoined = meetsEnd || fitted.turns.length === 0
      if (fitted.turns.length > 0) this.#stretches = [...this.#stretches, fitted]
      while (this.#isTooMuch()) this.#stretches = this.#stretches.slice(1)
    })
  }

  /** Somewhere else. True when it is here. */
  async jump(place: WindowPlace): Promise<boolean> {
    this.#place = place
    return this.#load('place', place, (stretch) => {
      const { fitted, meetsEnd } = this.#fitted(stretch)
      this.#isJoined = meetsEnd
      this.#stretches = fitted.turns.length > 0 ? [fitted] : []
    })
  }

  /** What could not be read. */
  async retry(): Promise<void> {
    const [failed, place] = [this.#failed, this.#place]
    if (failed?.what === 'before') await this.loadBefore()
    else if (failed?.what === 'after') await this.loadAfter()
    else if (place) await this.jump(place)
  }

  /** Only the end is wanted. */
  clear(): void {
    this.#attempt += 1
    this.#stretches = []
    this.#isJoined = false
    this.#loading = null
    this.#failed = null
    this.#meanwhile = []
    this.#options.changed()
  }

  /** The end has forgotten its own beginning. */
  part(): void {
    this.#isJoined = false
  }

  /** Changes what is here, as it changes the end. What comes late to an ended turn and is not here shows when it is read again. */
  apply(event: ChatEvent): void {
    if (this.#loading) this.#meanwhile.push(event)
    if (this.#stretches.length > 0) this.#stretches = this.#stretches.map((stretch) => changed(stretch, event))
  }

  #isTooMuch(): boolean {
    return this.#stretches.length > 1 && sizeOf(this.#stretches.flatMap((stretch) => stretch.turns)) > MAX_ENTRIES
  }

  async #load(what: NonNullable<TranscriptState['loading']>, place: WindowPlace, take: (stretch: Stretch) => void): Promise<boolean> {
    this.#attempt += 1
    const attempt = this.#attempt
    this.#loading = what
    this.#failed = null
    this.#meanwhile = []
    this.#options.changed()
    const { logId, seq } = this.#options.end()
    try {
      const stretch = await this.#options.readStretch(place, seq)
      if (attempt !== this.#attempt) return false
      this.#loading = null
      const isOurs = logId === null || stretch.logId === logId
      if (isOurs) take(this.#meanwhile.reduce(changed, stretch))
      return isOurs
    } catch (error) {
      if (attempt !== this.#attempt) return false
      this.#loading = null
      this.#failed = { what, error }
      return false
    } finally {
      if (attempt === this.#attempt) {
        this.#meanwhile = []
        this.#options.changed()
      }
    }
  }

  /** Where the end begins: a turn that goes on is there without its items too, wherever it stands. */
  #firstOfEnd(): Turn | undefined {
    const { turns } = this.#options.end()
    return turns.find((turn) => !isEmptyAndOpen(turn)) ?? turns[0]
  }

  /** Without what the end has too, and whether it reaches the end. */
  #fitted(stretch: Stretch): { fitted: Stretch; meetsEnd: boolean } {
    const first = this.#firstOfEnd()
    const at = first ? stretch.turns.findIndex((turn) => turn.turnId === first.turnId) : -1
    const border = stretch.turns[at]
    const end = first?.part?.from ?? 0
    if (!border || (border.part?.to ?? border.items.length) < end) return { fitted: stretch, meetsEnd: false }
    const isEmpty = end <= (border.part?.from ?? 0)
    return {
      fitted: { ...stretch, turns: [...stretch.turns.slice(0, at), ...(isEmpty ? [] : [withoutFrom(border, end)])] },
      meetsEnd: true,
    }
  }
}

const isEmptyAndOpen = ({ endedAt, items, part }: Turn): boolean => endedAt === null && (part ? part.from === part.to : items.length === 0)

function changed(stretch: Stretch, event: ChatEvent): Stretch {
  if (event.seq <= stretch.seq) return stretch
  const at = stretch.turns.findIndex((turn) => belongs(turn, event))
  if (at < 0) return stretch
  const turn = stretch.turns[at]!
  const after = foldPart(turn, event)
  return after === turn ? stretch : { ...stretch, turns: stretch.turns.with(at, after) }
}
