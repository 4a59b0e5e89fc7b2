/** The chat screen as a person uses it: by labels and roles, in both sizes. */
import { expect, type Locator, type Page } from '@playwright/test'

export class ChatPage {
  readonly page: Page
  readonly field: Locator
  /** The column of what was said; panels and lists beside it repeat some of its words. */
  readonly timeline: Locator
  readonly queue: Locator

  constructor(page: Page) {
    this.page = page
    this.timeline = page.getByRole('region', { name: 'Chat', exact: true })
    this.field = this.timeline.getByLabel(/^Message to/)
    this.queue = this.timeline.getByRole('region', { name: 'Queue' })
  }

  async open(path: string): Promise<void> {
    await this.page.goto(path)
    await expect(this.field).toBeVisible()
  }

  /** Sends by button, which says Send or, while a turn runs, Queue. */
  async send(text: string): Promise<void> {
    await this.field.fill(text)
    await this.timeline.getByRole('button', { name: /^(Send|Queue)$/ }).click()
    await expect(this.field).toHaveValue('')
  }

  /** What a row of the queue offers, by buttons or, on a phone, in its menu. */
  async actOnQueued(prompt: string, act: string): Promise<void> {
    const row = this.queue.getByRole('listitem').filter({ hasText: prompt })
    const menu = row.getByRole('button', { name: 'What to do with this prompt' })
    if (!(await menu.isVisible())) return row.getByRole('button', { name: act }).click()
    await menu.click()
    await this.page.getByRole('menuitem', { name: act }).click()
  }

  /** Something with exactly these words: a prompt that only contains them is not meant. */
  said = (text: string | RegExp): Locator => this.timeline.getByText(text, { exact: true })
  promptBy = (name: string): Locator => this.timeline.getByRole('article', { name: `Prompt by ${name}` })
  button = (name: string | RegExp): Locator => this.timeline.getByRole('button', { name })

  /** Shows a tab of the panel beside the chat, which on a phone lies over it. */
  async openPanel(tab: 'Changes' | 'Plan' | 'Usage' | 'Details'): Promise<Locator> {
    const panel = this.page.getByRole('complementary', { name: 'Changes, plan, usage and details' })
    if (!(await panel.isVisible())) await this.page.getByRole('button', { name: /^Open changes/ }).click()
    await panel.getByRole('tab', { name: tab }).click()
    return panel.getByRole('tabpanel', { name: tab })
  }
}
