/** The screens of connections as a person uses them: by labels and roles, in both sizes. */
import { expect, type Locator, type Page } from '@playwright/test'

type ScopeName = 'This project' | 'You' | 'Everybody'

export class ConnectionsPage {
  readonly page: Page
  readonly card: Locator

  constructor(page: Page, harnessName = 'Scripted agent') {
    this.page = page
    this.card = page.getByRole('region', { name: harnessName })
  }

  async open({ projectId }: { projectId?: string } = {}): Promise<void> {
    await this.page.goto(projectId === undefined ? '/connections' : `/projects/${projectId}?tab=connections`)
    await expect(this.card).toBeVisible()
  }

  /** The state of the whole row, in its head. */
  state = (words: string): Locator => this.card.locator('header').getByText(words, { exact: true })
  lane = (scope: ScopeName): Locator => this.card.getByRole('listitem', { name: scope, exact: true })
  /** A button of the card's head. */
  act = (name: string): Locator => this.card.locator('header').getByRole('button', { name, exact: true })
  dialog = (name: string | RegExp): Locator => this.page.getByRole('dialog', { name })
  toast = (words: string | RegExp): Locator => this.page.getByRole('listitem').filter({ hasText: words })

  async choose(scope: ScopeName, act: string): Promise<void> {
    await this.lane(scope)
      .getByRole('button', { name: /^Change / })
      .click()
    await this.page.getByRole('menuitem', { name: act, exact: true }).click()
  }

  async details(scope: ScopeName): Promise<Locator> {
    await this.lane(scope)
      .getByRole('button', { name: /^Show details/ })
      .click()
    await expect(this.lane(scope).getByText('Fingerprint')).toBeVisible()
    return this.lane(scope)
  }

  /** Fills the form of a custom provider, as far as it is told. */
  async fillCustom(dialog: Locator, { baseUrl, key }: { baseUrl?: string; key?: string }): Promise<void> {
    if (baseUrl !== undefined) {
      await dialog.getByLabel('Provider').click()
      await this.page.getByRole('option', { name: 'Custom (your own server)' }).click()
      await dialog.getByLabel('Base URL').fill(baseUrl)
    }
    if (key !== undefined) await dialog.getByLabel('API key').fill(key)
  }
}
