/**
 * Claude Code obeys a repository's `.claude/settings.json` without asking when nobody
 * sits in front of it: base URL, key helper and hooks included. Its managed settings stand
 * above that file, so what the plan says of the route is said there once more. OpenCode
 * has such a place too: what it is told beside a login would else give way to a repository's.
 */
import type { LaunchPlan } from '#core/connections/launch.ts'

const managedPath = '/etc/claude-code/managed-settings.json'
const opencodePath = '/etc/opencode/opencode.json'

/** What would lead a request elsewhere, or pay for it with somebody else's key: empty counts as never named. */
const unnamed = Object.fromEntries(
  [
    'ANTHROPIC_BASE_URL',
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_CUSTOM_HEADERS',
    'CLAUDE_CODE_USE_BEDROCK',
    'CLAUDE_CODE_USE_VERTEX',
    'CLAUDE_CODE_USE_FOUNDRY',
  ].map((name) => [name, '']),
)

/** @returns the files to mount read-only over what a repository could say; empty for other harnesses */
export function managedSettings(harnessId: string, plan: LaunchPlan): { at: string; contents: string }[] {
  if (harnessId === 'opencode') {
    const told = plan.via === 'proxy' ? undefined : plan.files.find(({ path }) => path.endsWith('/opencode.json'))
    return told ? [{ at: opencodePath, contents: told.contents }] : []
  }
  if (harnessId !== 'claude-code') return []
  // Of a login nothing is repeated: it goes to its own issuer, as if nobody had named another.
  const planned =
    plan.via === 'proxy' ? Object.entries(plan.env).filter(([name]) => /^(ANTHROPIC_|CLAUDE_CODE_DISABLE_|DISABLE_)/.test(name)) : []
  const settings = {
    env: { ...unnamed, ...Object.fromEntries(planned) },
    apiKeyHelper: '',
    allowManagedHooksOnly: true,
    disableBypassPermissionsMode: 'disable',
  }
  return [{ at: managedPath, contents: JSON.stringify(settings) }]
}
