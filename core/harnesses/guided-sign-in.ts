/**
 * A program's own way to sign in, as far as it can be led by pipes: it prints a link (and a code, or asks for one),
 * waits for its vendor, and writes its login file. A node runs it in a throw-away sandbox (`agent/sign-in.ts`), and
 * a page shows what it printed. Parsing is pure, and judged by what the pinned versions really print.
 */
import type { Place } from '#core/harnesses/harness.ts'

/** What the program printed for the person: where to go, and what to enter there. */
export type ShownLink = { url: string; userCode: string | null }

export type GuidedSignIn = {
  /** `confirm`: the person enters the shown code at the vendor. `paste`: the vendor shows a code, which the program wants. */
  asks: 'confirm' | 'paste'
  /** What a pasted code looks like; the program would go on waiting after any other. Null when it asks for none. */
  answer: RegExp | null
  command: (place: Place) => { command: string; args: readonly string[] }
  /** `host:port` that it dials meanwhile, and no other. */
  hosts: readonly string[]
  /** What its link begins with. Nothing else is shown to anybody, whatever a node says. */
  pages: readonly string[]
  /** Of everything that it has printed so far; null until the link is whole. */
  read: (output: string) => ShownLink | null
}

const ESCAPE = String.fromCharCode(27)
/** Colours and cursor movements, which some programs print to a pipe too. */
const terminalSequence = new RegExp(`${ESCAPE}\\[[0-9;?]*[ -/]*[@-~]`, 'g')

/** The lines that are whole, as they read on a screen. */
export function plainLines(output: string): string[] {
  const plain = output.replaceAll(terminalSequence, '').replaceAll('\r', '')
  const lines = plain.split('\n')
  // The last line may still be growing.
  return lines.slice(0, -1).map((line) => line.trim())
}

/** The vendor's link, if it is one. */
export function isOwnPage(signIn: Pick<GuidedSignIn, 'pages'>, url: string): boolean {
  const parsed = URL.parse(url)
  return parsed !== null && parsed.href.length <= 2_000 && signIn.pages.some((page) => parsed.href.startsWith(page))
}
