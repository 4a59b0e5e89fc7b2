/**
 * The primitives behind connections, by hand in the browser: stored, bound, attached and taken away again, under an id
 * that no URL carries as it is. What people see is asked of the server as well.
 */
import { accessibilityFaults } from '#e2e/accessibility.ts'
import { expect, test } from '#e2e/fixtures.ts'
import { failureOf } from '#e2e/world/api.ts'
import { unique } from '#e2e/world/world.ts'

test('a credential under any id is stored, bound, attached, replaced, and deleted last', async ({ world, pageOf }) => {
  const mei = await world.addMember('Mei Lin')
  const page = await pageOf(mei)
  const credentialId = `a/b/../مفتاح+=%2F?# 👩‍👩‍👧 ${unique('e\u0301')}`
  const dialog = page.getByRole('dialog')

  await page.goto('/connections')
  await page.getByRole('link', { name: 'one by one' }).click()
  await expect(page.getByText('No credential is yours to see yet.')).toBeVisible()

  await test.step('store', async () => {
    await page.getByRole('button', { name: 'New credential' }).click()
    await dialog.getByLabel('Name').fill('مفتاح احتياطي')
    await dialog.getByLabel('Provider').click()
    await page.getByRole('option', { name: 'OpenRouter' }).click()
    await dialog.getByLabel('Secret key').fill('sk-or-v1-abcdefghijklmnop')
    await dialog.getByLabel(/^Id/).fill(credentialId)
    await dialog.getByRole('button', { name: 'Store' }).click()
    await expect(page).toHaveURL(`/connections/advanced/credentials/${encodeURIComponent(credentialId)}`)
    const panel = page.getByRole('region', { name: 'The credential' })
    await expect(panel.getByRole('heading', { name: 'مفتاح احتياطي' })).toBeVisible()
    await expect(panel.getByText(credentialId)).toBeVisible()
    await expect(panel.getByText('stays until you delete it here')).toBeVisible()
  })

  await test.step('bind and attach', async () => {
    await page.getByRole('button', { name: 'New configuration' }).click()
    await dialog.getByLabel('Agent').click()
    await page.getByRole('option', { name: 'OpenCode' }).click()
    await dialog.getByRole('button', { name: 'Make' }).click()
    await expect(page.getByRole('region', { name: 'The configuration' })).toBeVisible()
    await page.getByRole('button', { name: 'New attachment' }).click()
    await dialog.getByRole('button', { name: 'Attach' }).click()
    await expect(page.getByRole('region', { name: 'The attachment' }).getByRole('heading', { name: 'OpenCode for you' })).toBeVisible()
    const row = (await mei.api.connections.list.query({})).find((each) => each.harness === 'opencode')
    expect(row).toMatchObject({ resolution: { state: 'active', scope: 'user' }, attachments: [{ credential: { credentialId } }] })
  })

  await test.step('replace, and refuse to delete what is used', async () => {
    // Opened by its address, as from a note of somebody's.
    await page.goto(`/connections/advanced/credentials/${encodeURIComponent(credentialId)}`)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Replace secret' }).click()
    await dialog.getByLabel('Secret key').fill('sk-or-v1-qrstuvwxyz-EFGH')
    await dialog.getByRole('button', { name: 'Replace', exact: true }).click()
    await expect(page.getByRole('region', { name: 'The credential' }).getByText('····EFGH')).toBeVisible()
    await page.getByRole('button', { name: 'Delete' }).click()
    await expect(dialog.getByText('One configuration uses it.')).toBeVisible()
    await dialog.getByRole('button', { name: 'Close' }).first().click()
    expect(await failureOf(mei.api.credentials.delete.mutate({ credentialId }))).toMatchObject({ code: 'credential.in-use', status: 409 })
  })

  await test.step('take away, from the end', async () => {
    const list = page.getByRole('list', { name: 'Credentials' })
    await list.getByRole('link', { name: /^You/ }).click()
    await page.getByRole('button', { name: 'Detach' }).click()
    await expect(dialog.getByText('stays, and so does this configuration')).toBeVisible()
    await dialog.getByRole('button', { name: 'Detach' }).click()
    await expect(list.getByText('Attached to nothing')).toBeVisible()
    await list.getByRole('link', { name: /^OpenCode/ }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await expect(list.getByText('Used by nothing')).toBeVisible()
    await list.getByRole('link', { name: 'مفتاح احتياطي' }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await expect(page.getByText('No credential is yours to see yet.')).toBeVisible()
    expect(await mei.api.credentials.list.query()).toEqual([])
  })

  await test.step('an address that leads nowhere any more says so', async () => {
    await page.goto(`/connections/advanced/credentials/${encodeURIComponent(credentialId)}`)
    await expect(page.getByText('It was deleted, or it is not yours to see.')).toBeVisible()
  })
})

test('a viewer is led nowhere, and told why at the address itself', async ({ world, pageOf }) => {
  const page = await pageOf(await world.addMember('Vera', 'viewer'))
  await page.goto('/connections')
  await expect(page.getByRole('heading', { name: 'Connections', exact: true })).toBeVisible()
  await expect(page.getByRole('link', { name: 'one by one' })).toHaveCount(0)
  await page.goto('/connections/advanced')
  await expect(page.getByText('Your role does not allow this.')).toBeVisible()
})
