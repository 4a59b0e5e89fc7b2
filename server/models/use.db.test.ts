import { expect, it } from 'vitest'
import { prisma } from '#server/db/client.ts'
import { seedChat, seedChatScope, seedTeamScope } from '#server/db/testing.ts'
import { enterChat } from '#server/access/scope.ts'
import { readCatalog } from '#server/models/catalog-service.ts'
import { seedRecords } from '#server/usage/report-testing.ts'

it('tells who uses a model, and nothing of chats that the reader does not see', async () => {
  const ada = await seedChatScope()
  const admin = await seedTeamScope({ teamId: ada.teamId, role: 'admin' })
  const open = await enterChat(ada, { act: 'prompt', chatId: await seedChat(ada) })
  const at = new Date().toISOString()
  await seedRecords(ada, [{ at }, { at, model: 'claude-sonnet-5-5' }])
  await seedRecords(open, [{ at }, { at, outcome: 'refused', source: 'none' }])
  await prisma().chat.update({ where: { id: ada.chatId }, data: { isPrivate: true } })
  const useOf = async (scope: typeof admin) => {
    const { providers } = await readCatalog(scope)
    const models = providers.find(({ provider }) => provider === 'anthropic')!.models
    return models.flatMap(({ id, use }) => (use ? [[id, use.calls, use.people]] : []))
  }
  expect(await useOf(admin)).toEqual([['claude-opus-5-5', 1, ['Ada']]])
  const own = await useOf(ada)
  expect(own).toHaveLength(2)
  expect(own).toEqual(
    expect.arrayContaining([
      ['claude-opus-5-5', 2, ['Ada']],
      ['claude-sonnet-5-5', 1, ['Ada']],
    ]),
  )
})
