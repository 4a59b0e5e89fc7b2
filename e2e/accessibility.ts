/** What axe finds on a page, by the rules of WCAG 2.2 AA. */
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

/** The rules that look at colours; what the others find is the same in every theme. */
export const rulesOfColour = ['color-contrast', 'link-in-text-block']

/**
 * One line per element that breaks a rule.
 * @param rules only these; all of them unless given
 */
export async function accessibilityFaults(page: Page, rules?: string[]): Promise<string[]> {
  // Legacy is to run in the page itself: ours have no frames, and a page of axe's own costs as much as its rules.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] })
  const asked = rules ? axe.withRules(rules) : axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
  const { violations } = await asked.analyze()
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((each) => `${id}: ${each.html.slice(0, 200)} — ${each.failureSummary?.split('\n')[1]?.trim()}`),
  )
}
