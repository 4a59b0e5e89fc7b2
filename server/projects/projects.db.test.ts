import { afterAll, beforeAll, expect, it } from 'vitest'
import { createToken } from '#server/accounts/tokens-service.ts'
import type { TeamScope } from '#server/access/scope.ts'
import { prisma } from '#server/db/client.ts'
import { seedChat, seedProject, seedTeamScope } from '#server/db/testing.ts'
import { startTestServer, type TestServer } from '#server/testing-http.ts'
import type { ProjectId } from '#core/ids.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

async function as(scope: TeamScope) {
  const { token } = await createToken(scope, { name: 'Script', days: 1 })
  const headers = { authorization: `Bearer ${token}` }
  return {
    read: async (path: string, input?: unknown) => server.call(path, { input, isQuery: true, headers }),
    change: async (path: string, input: unknown) => server.call(path, { input, headers }),
  }
}
const data = (value: unknown) => ({ status: 200, body: { result: { data: value } } })
const failed = (status: number, code: string) => ({ status, body: { error: { message: code } } })

it('keeps what a project is made of', async () => {
  const scope = await seedTeamScope({ name: 'Grace' })
  const { read, change } = await as(scope)
  const created = await change('projects.create', {
    name: ' Compiler ',
    repositoryUrl: ' https://host.example/compiler.git ',
    instructions: 'Run the tests.',
  })
  const { projectId } = (created.body as { result: { data: { projectId: ProjectId } } }).result.data
  expect(await read('projects.get', { projectId })).toMatchObject(
    data({
      projectId,
      name: 'Compiler',
      repositoryUrl: 'https://host.example/compiler.git',
      instructions: 'Run the tests.',
      createdByName: 'Grace',
      role: 'maintainer',
    }),
  )
  expect(await change('projects.update', { projectId, name: 'Linker', repositoryUrl: null })).toMatchObject({ status: 200 })
  expect(await read('projects.get', { projectId })).toMatchObject(
    data({ name: 'Linker', repositoryUrl: null, instructions: 'Run the tests.' }),
  )

  await seedChat(scope, { projectId })
  const plain = await seedProject(scope, { name: 'Plain' })
  expect(await read('projects.list')).toMatchObject(
    data([
      { projectId: plain, name: 'Plain', chatCount: 0, lastActivityAt: null },
      { projectId, name: 'Linker', chatCount: 1, lastActivityAt: expect.any(String) as string },
    ]),
  )
  expect(await change('projects.archive', { projectId })).toMatchObject({ status: 200 })
  expect(await read('projects.list')).toMatchObject(data([{ projectId: plain }]))
  expect(await read('projects.get', { projectId })).toMatchObject(failed(404, 'project.missing'))
})

it('refuses an address that git would run', async () => {
  const { change } = await as(await seedTeamScope())
  const before = await prisma().project.count()
  for (const [repositoryUrl, reason] of [
    ['ext::sh -c id', 'remote-helper'],
    ['--upload-pack=id', 'option-like'],
    ['not a place', 'not-an-address'],
  ]) {
    const answer = await change('projects.create', { name: 'Project', repositoryUrl })
    expect(answer).toMatchObject({ status: 422, body: { error: { data: { domain: { code: 'repository.unusable', facts: { reason } } } } } })
  }
  expect(await change('projects.create', { name: '' })).toMatchObject(failed(400, 'request.invalid'))
  expect(await change('projects.create', { name: 'a\u0007b' })).toMatchObject(failed(400, 'request.invalid'))
  expect(await prisma().project.count()).toBe(before)
})

it('is changed by its creator and admins, made by members, and read by viewers', async () => {
  const admin = await seedTeamScope()
  const member = await as(await seedTeamScope({ teamId: admin.teamId, role: 'member' }))
  const viewer = await as(await seedTeamScope({ teamId: admin.teamId, role: 'viewer' }))
  const projectId = await seedProject(admin)
  expect(await viewer.read('projects.get', { projectId })).toMatchObject(data({ role: 'viewer' }))
  expect(await viewer.change('projects.create', { name: 'Mine' })).toMatchObject(failed(403, 'access.denied'))
  expect(await member.read('projects.get', { projectId })).toMatchObject(data({ role: 'member' }))
  expect(await member.change('projects.update', { projectId, name: 'Mine' })).toMatchObject(failed(403, 'access.denied'))
  const own = (await member.change('projects.create', { name: 'Own' })) as { body: { result: { data: { projectId: string } } } }
  expect(await (await as(admin)).change('projects.update', { projectId: own.body.result.data.projectId, name: 'Renamed' })).toMatchObject({
    status: 200,
  })
})

it('answers for a foreign project as for an unknown one', async () => {
  const mine = await as(await seedTeamScope())
  const foreign = await seedProject(await seedTeamScope())
  const answers = await Promise.all(
    [foreign, 'nowhere'].flatMap((projectId) => [
      mine.read('projects.get', { projectId }),
      mine.change('projects.update', { projectId, name: 'Mine' }),
      mine.change('projects.archive', { projectId }),
    ]),
  )
  expect(answers.slice(0, 3).map((each) => each.body)).toEqual(answers.slice(3).map((each) => each.body))
  for (const answer of answers) expect(answer).toMatchObject(failed(404, 'project.missing'))
})

it('leaves folders of the machine to those who answer for machines', async () => {
  const admin = await seedTeamScope()
  const member = await seedTeamScope({ teamId: admin.teamId, role: 'member' })
  const asAdmin = await as(admin)
  const asMember = await as(member)
  for (const repositoryUrl of ['/srv/git/project', 'file:///srv/git/project'])
    expect(await asMember.change('projects.create', { name: 'P', repositoryUrl })).toMatchObject(failed(403, 'access.denied'))
  expect(await asAdmin.change('projects.create', { name: 'P', repositoryUrl: '/srv/git/project' })).toMatchObject({ status: 200 })

  // Their own project, to which an admin has given such a folder: they change the rest of it.
  const projectId = await seedProject(member, { repositoryUrl: '/srv/git/project' })
  expect(await asMember.change('projects.update', { projectId, name: 'Mine', repositoryUrl: '/srv/git/project' })).toMatchObject({
    status: 200,
  })
  expect(await asMember.change('projects.update', { projectId, repositoryUrl: '/srv/git/other' })).toMatchObject(
    failed(403, 'access.denied'),
  )
})

it('lets its maintainers say which tools agents get', async () => {
  const admin = await seedTeamScope()
  const member = await as(await seedTeamScope({ teamId: admin.teamId, role: 'member' }))
  const { read, change } = await as(admin)
  const projectId = await seedProject(admin)
  expect(await read('projects.tools', { projectId })).toMatchObject(data({ off: [] }))
  expect(await member.change('projects.setTools', { projectId, off: ['usage'] })).toMatchObject(failed(403, 'access.denied'))
  expect(await change('projects.setTools', { projectId, off: ['usage', 'chats', 'chats'] })).toMatchObject({ status: 200 })
  expect(await change('projects.setTools', { projectId, off: ['everything'] })).toMatchObject(failed(400, 'request.invalid'))
  expect(await member.read('projects.tools', { projectId })).toMatchObject(data({ off: ['chats', 'usage'] }))
  const entries = await prisma().auditEntry.findMany({ where: { subjectId: projectId, act: 'project.tools-changed' } })
  expect(entries.map(({ facts }) => facts)).toMatchObject([{ off: 'chats, usage' }])
})
