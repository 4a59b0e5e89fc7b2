/**
 * Claude Code obeys a repository's `.claude/settings.json` without asking when nobody
 * sits in front of it: base URL and hooks included. Its managed settings stand above
 * that file, so what the plan says of the route is said there once more.
 */
import type { LaunchPlan } from '#core/connections/launch.ts'

const managedPath = '/etc/claude-code/managed-settings.json'

/** @returns the files to mount read-only over what a repository could say; empty for other harnesses */
export function managedSettings(harnessId: string, plan: LaunchPlan): { at: string; contents: string }[] {
  if (harnessId !== 'claude-code') return []
  const env =
    plan.via === 'proxy'
      ? Object.fromEntries(Object.entries(plan.env).filter(([name]) => /^(ANTHROPIC_|CLAUDE_CODE_DISABLE_|DISABLE_)/.test(name)))
      : // A login goes to its own issuer and nowhere else. No secret is repeated here.
        { ANTHROPIC_BASE_URL: 'https://api.anthropic.com', ANTHROPIC_AUTH_TOKEN: '', ANTHROPIC_API_KEY: '' }
  return [{ at: managedPath, contents: JSON.stringify({ env, allowManagedHooksOnly: true, disableBypassPermissionsMode: 'disable' }) }]
}
