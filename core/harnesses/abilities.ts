/**
 * What an agent can and cannot do, in words, before somebody finds out by trying. A running agent's own word goes before
 * what the registry knows of the tried version. Pure.
 */
import type { AgentAbilities } from '#core/chat/events.ts'
import type { Harness } from '#core/harnesses/harness.ts'

export type Ability = { about: string; words: string; isMissing: boolean }

export function abilitiesOf(
  { sessions, stopsWhenAsked, mcp, limits }: Pick<Harness, 'sessions' | 'stopsWhenAsked' | 'mcp' | 'limits'>,
  can: AgentAbilities | null,
): Ability[] {
  const [resumes, loads] = can ? [can.resumes, can.loads] : [sessions.canResume, sessions.canLoad]
  return [
    resumes || loads
      ? { about: 'After a restart', words: 'Goes on where it was.', isMissing: false }
      : { about: 'After a restart', words: 'Begins anew: it does not know what was said before.', isMissing: true },
    stopsWhenAsked
      ? { about: 'Stop', words: 'Ends the turn and stays awake.', isMissing: false }
      : { about: 'Stop', words: 'Does not listen: its process is ended, and started again for the next prompt.', isMissing: true },
    // ACP has no way to speak to an agent in the middle of a turn.
    { about: 'While it works', words: 'Reads nothing new: what you send waits for the end of the turn, or stops it.', isMissing: true },
    imagesOf(can),
    mcpOf(can ? { ...mcp, http: can.mcpOverHttp } : mcp),
    ...limits.map((words) => ({ about: 'Known limit', words, isMissing: true })),
  ]
}

function imagesOf(can: AgentAbilities | null): Ability {
  const about = 'Images'
  if (!can) return { about, words: 'Known once it has started; prompts are text so far.', isMissing: true }
  return can.takesImages
    ? { about, words: 'It would take them; prompts are text so far.', isMissing: true }
    : { about, words: 'It takes none.', isMissing: true }
}

function mcpOf({ stdio, http }: { stdio: boolean; http: boolean }): Ability {
  const about = 'MCP servers'
  if (stdio && http) return { about, words: 'As programs and over HTTP.', isMissing: false }
  if (!stdio && !http) return { about, words: 'None.', isMissing: true }
  return { about, words: stdio ? 'As programs only, not over HTTP.' : 'Over HTTP only, not as programs.', isMissing: true }
}
