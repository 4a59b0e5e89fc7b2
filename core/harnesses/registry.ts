/** Every harness there is, in the order in which people see them. */
import { claudeCode } from '#core/harnesses/claude-code.ts'
import { codex } from '#core/harnesses/codex.ts'
import type { Harness } from '#core/harnesses/harness.ts'
import { opencode } from '#core/harnesses/opencode.ts'
import { scripted } from '#core/harnesses/scripted.ts'

export const harnesses: readonly Harness[] = [codex, claudeCode, opencode, scripted]

export const findHarness = (id: string): Harness | null => harnesses.find((each) => each.id === id) ?? null

/** What people may choose; the scripted one only in a test world. */
export const offeredHarnesses = ({ isTesting }: { isTesting: boolean }): readonly Harness[] =>
  harnesses.filter((each) => isTesting || !each.isTesting)

export const harnessName = (id: string): string => findHarness(id)?.name ?? id
