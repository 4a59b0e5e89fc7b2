/**
 * A whole Gatehouse for one worker: the real server with its database and daemon, a fake
 * provider and fake vendors on loopback that it may reach, and an owner who was set up by the command
 * line. Tests add projects, people and connections of their own and never share them.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brain } from '#e2e/world/fake-provider-brain.ts'
import type { FakeProvider } from '#e2e/world/fake-provider.ts'
import type { FakeDialect } from '#e2e/world/fake-provider-scene.ts'
import { startFakeProvider } from '#e2e/world/fake-provider.ts'
import { startFakeVendor, type FakeVendor } from '#e2e/world/fake-vendor.ts'
import { byToken, createApi, signIn, type Api } from '#e2e/world/api.ts'
import { freePort, newHome, removeHome, root, startServer, worldEnvironment, type ServerProcess } from '#e2e/world/server.ts'

export type Person = { name: string; email: string; password: string; token: string; cookie: string; api: Api }

export type World = {
  readonly url: string
  readonly server: ServerProcess
  readonly provider: FakeProvider
  /** Who answers in the place of those that native logins belong to. */
  readonly vendor: FakeVendor
  readonly owner: Person
  /** Invites somebody into the owner's team and accepts for them. */
  addMember(name: string, role?: 'admin' | 'member' | 'viewer'): Promise<Person>
  close(): Promise<void>
}

export const newPassword = (): string => randomBytes(12).toString('hex')
/** A name that no other test of this worker uses. */
export const unique = (word: string): string => `${word} ${randomBytes(3).toString('hex')}`
/** A provider key that can be searched for. */
export const newKey = (): string => `sk-fake-${randomBytes(18).toString('hex')}`

/** An address that a world may call, and where nobody answers. */
export const NOBODY = '127.0.0.1:1'

/** People of different tests may have the same name. */
const emailOf = (name: string) => `${name.toLowerCase().replaceAll(' ', '.')}.${randomBytes(3).toString('hex')}@example.test`

/** Runs a command of `npm run gatehouse` for a home and returns what it printed. */
export async function runGatehouse(
  options: { home: string; port: number; env?: Record<string, string> },
  ...args: string[]
): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['bin/gatehouse.mjs', ...args], {
    cwd: root,
    env: worldEnvironment(options),
  })
  return stdout
}

export async function startWorld({ env = {} }: { env?: Record<string, string> } = {}): Promise<World> {
  const provider = await startFakeProvider({ key: newKey(), brain })
  const folder = mkdtempSync(path.join(tmpdir(), 'gatehouse-vendors-'))
  const vendor = await startFakeVendor({ brain, folder })
  const closeFakes = async (): Promise<void> => {
    await provider.close()
    await vendor.close()
    rmSync(folder, { recursive: true })
  }
  const options = {
    home: newHome(),
    port: await freePort(),
    env: { GATEHOUSE_PRIVATE_UPSTREAMS: `${provider.host},${NOBODY}`, ...vendor.environment, ...env },
  }
  const server = startServer(options)
  try {
    await server.ready()
    const owner = { name: 'Ada Owner', email: 'ada@example.test', password: newPassword() }
    const set = await runGatehouse(
      options,
      'setup',
      '--email',
      owner.email,
      '--name',
      owner.name,
      '--password',
      owner.password,
      '--team',
      'Acme',
      '--token',
    )
    const { token } = JSON.parse(set) as { token: string }
    const cookie = await signIn(server.url, owner)
    const ownerApi = createApi(server.url, byToken(token))

    return {
      url: server.url,
      server,
      provider,
      vendor,
      owner: { ...owner, token, cookie, api: ownerApi },
      async addMember(name, role = 'member') {
        const person = { name, email: emailOf(name), password: newPassword() }
        const { url } = await ownerApi.team.invite.mutate({ email: person.email, role })
        const invitation = url.split('/').pop()!
        await createApi(server.url).invitations.accept.mutate({ token: invitation, name, password: person.password })
        const session = await signIn(server.url, person)
        const { token: own } = await createApi(server.url, { cookie: session }).tokens.create.mutate({ name: 'test', days: 1 })
        return { ...person, token: own, cookie: session, api: createApi(server.url, byToken(own)) }
      },
      async close() {
        try {
          await server.stop()
        } finally {
          await closeFakes()
          removeHome(options.home)
        }
      },
    }
  } catch (error) {
    server.child.kill('SIGKILL')
    await closeFakes()
    removeHome(options.home)
    throw error
  }
}

type FakeConnection = { projectId: string; harness: string; dialect: FakeDialect; models?: readonly string[]; baseUrl?: string }

/** Connects the fake provider's key for one harness in a project; the connection's id is the answer. */
export async function connectFake(
  { api, provider }: { api: Api; provider: FakeProvider },
  { projectId, harness, dialect, models, baseUrl = provider.baseUrl(dialect) }: FakeConnection,
): Promise<string> {
  const { connectionId } = await api.connections.connect.mutate({
    harness,
    scope: 'project',
    projectId,
    secret: { kind: 'api-key', provider: 'custom', key: provider.key, baseUrl, dialect },
    ...(models && { settings: { models: models.join(',') } }),
  })
  return connectionId
}
