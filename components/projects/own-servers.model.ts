/** How an MCP server of a project is said: where it is, and how the last look at it went. */
import type { Finding } from '#core/mcp/own-server.ts'
import type { Tone } from '#components/ui/tone.ts'

type Server = { isEnabled: boolean; finding: Finding | null }
export type ServerLook = { tone: Tone; word: string; sentence: string | null }

const broken = (word: string, sentence: string): ServerLook => ({ tone: 'bad', word, sentence })

export function serverLook({ isEnabled, finding }: Server): ServerLook {
  if (!isEnabled) return { tone: 'quiet', word: 'Off', sentence: null }
  switch (finding?.is) {
    case undefined:
      return { tone: 'quiet', word: 'Not looked at', sentence: null }
    case 'good':
      return { tone: 'good', word: 'Answers', sentence: null }
    case 'refused':
      return broken('Refuses', `It answers ${finding.status}: a header is wrong or missing, or it wants a person to sign in.`)
    case 'not-mcp':
      return broken('No MCP', `At this address nothing speaks MCP${finding.status === null ? '' : `: it answers ${finding.status}`}.`)
    case 'unsafe':
      return broken('Not called', 'Its address is not on the public internet, so it is not called.')
    case 'unreachable':
      return broken('Out of reach', 'It did not answer.')
    case 'unreadable':
      return broken('Add again', 'Its headers cannot be read with this master key: remove it and add it again.')
  }
}

/** "mcp.example.org/v1", without what is the same for all. */
export function whereOf(url: string): string {
  const { host, pathname } = new URL(url)
  return pathname === '/' ? host : host + pathname
}

export const toolCount = (count: number): string => (count === 1 ? '1 tool' : `${count} tools`)
