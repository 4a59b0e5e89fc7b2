import { initTRPC } from '@trpc/server'
import { describe, expect, it } from 'vitest'
import { appRouter } from '#server/trpc/app-router.ts'
import { callerFactory, publicProcedure, router, teamProcedure } from '#server/trpc/base.ts'
import { proceduresOf } from '#server/trpc/testing-gate.ts'

/** Whoever adds one here says why a stranger may call it. */
const open = [
  'setup.state', // a page has to know where to send people
  'setup.complete', // proves itself by the code
  'invitations.read', // proves itself by the link
  'invitations.accept',
]

describe('every procedure proves a scope', () => {
  const procedures = proceduresOf(appRouter)

  it('and the walk finds them all', () => {
    expect(procedures.length).toBeGreaterThan(30)
  })

  it.each(procedures)('$path', ({ meta }) => {
    expect(meta).not.toBe(null)
  })

  it('is open to strangers only where that is listed', () => {
    expect(procedures.filter((each) => each.meta?.scope === 'public').map((each) => each.path)).toEqual(open)
  })

  it('changes nothing for somebody who may only read', () => {
    const excused = [
      /^tokens\./, // one's own, whatever the role
      /^connections\./, // whose it is stands in the input: the service asks the gate again for that scope
      /^chats\.setPinned$/, // one's own lists, whatever the role
      /^signIns\./, // the same, and everybody's own alone
    ]
    const changing = procedures.filter(
      ({ kind, meta, path }) => kind === 'mutation' && meta?.act === 'read' && !excused.some((each) => each.test(path)),
    )
    expect(changing.map((each) => each.path)).toEqual([])
  })

  it.each(procedures.filter((each) => each.meta?.scope !== 'public'))('$path refuses a stranger before anything else', async ({ path }) => {
    const caller = callerFactory(appRouter)({ caller: null, teamId: null, clientAddress: null })
    const procedure = path.split('.').reduce<unknown>((place, name) => (place as Record<string, unknown>)[name], caller) as (
      input: unknown,
    ) => Promise<unknown>
    const input = { projectId: 'project', chatId: '01890000-0000-7000-8000-000000000000' }
    await expect(procedure(input)).rejects.toMatchObject({ code: 'UNAUTHORIZED', message: 'session.missing' })
  })
})

it('notices a procedure without a scope', () => {
  const bare = initTRPC.create()
  const careless = router({
    ok: publicProcedure.query(() => null),
    team: teamProcedure('read').query(() => null),
    careless: bare.procedure.query(() => null) as never,
  })
  expect(proceduresOf(careless).filter((each) => each.meta === null)).toEqual([{ path: 'careless', kind: 'query', meta: null }])
})
