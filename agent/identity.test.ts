/** The node's key, its count of starts, and that one home has one daemon. */
import { createPublicKey, verify } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { enrolmentStatement, greetingStatement, type Enrolment } from '#core/nodes/identity.ts'
import { beginGreetings, enrol, readIdentity, takeInvitation } from '#agent/identity.ts'

let home: string
let server: Server
let url: string
let status: number
const received: (Enrolment & Record<string, unknown>)[] = []

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-identity-'))
  received.length = 0
  status = 200
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => (body += String(piece)))
    request.on('end', () => {
      received.push(JSON.parse(body))
      response.writeHead(status).end(JSON.stringify({ nodeId: 'node-1', name: 'attic' }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.close()
  rmSync(home, { recursive: true })
})

const file = (name: string): string => join(home, 'node', name)
const isSigned = (publicKey: string, statement: string, signature: string): boolean =>
  verify(
    null,
    Buffer.from(statement),
    createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' }),
    Buffer.from(signature, 'base64'),
  )

it('makes a key that only we can read, and sends its public half with a proof', async () => {
  const identity = await enrol({ home, url, token: 'njt_x' })
  expect(identity).toMatchObject({ url, nodeId: 'node-1', name: 'attic' })
  expect(readIdentity(home)).toEqual(identity)
  expect(statSync(file('identity.json')).mode & 0o777).toBe(0o600)
  const [{ token, publicKey, signature, ...rest }] = received as [Enrolment]
  expect(rest).toEqual({})
  expect(publicKey).toBe(identity.publicKey)
  expect(isSigned(publicKey, enrolmentStatement({ token, publicKey }), signature)).toBe(true)
  expect(JSON.stringify(received)).not.toContain(identity.privateKey)
  // Another enrolment is another key.
  expect((await enrol({ home, url, token: 'njt_y' })).publicKey).not.toBe(publicKey)
})

it('keeps what it was where the server refuses, and says what it answered', async () => {
  const before = await enrol({ home, url, token: 'njt_x' })
  status = 403
  await expect(enrol({ home, url, token: 'njt_x' })).rejects.toMatchObject({ status: 403 })
  await expect(enrol({ home, url: 'http://127.0.0.1:1', token: 'njt_x' })).rejects.toMatchObject({ status: null })
  expect(readIdentity(home)).toEqual(before)
})

it('takes up what the server left for its own node, once', async () => {
  await takeInvitation(home)
  expect(received).toEqual([])
  mkdirSync(join(home, 'node'))
  writeFileSync(file('invitation.json'), JSON.stringify({ url, token: 'njt_local' }))
  await takeInvitation(home)
  expect(received).toMatchObject([{ token: 'njt_local' }])
  expect(existsSync(file('invitation.json'))).toBe(false)
})

it('knows an identity of before there were keys for none', () => {
  mkdirSync(join(home, 'node'))
  writeFileSync(file('identity.json'), JSON.stringify({ url, nodeId: 'node-1', name: 'attic', token: 'ndt_x' }))
  expect(readIdentity(home)).toBeNull()
})

it('counts each start on the disk before it greets, and each greeting of one', async () => {
  const identity = await enrol({ home, url, token: 'njt_x' })
  const first = beginGreetings(home, identity)
  expect(JSON.parse(readFileSync(file('boots.json'), 'utf8'))).toMatchObject({ count: 1 })
  const [one, two] = [first('a'), first('b')]
  expect([one.boot.count, one.boot.greeting, two.boot.count, two.boot.greeting]).toEqual([1, 1, 1, 2])
  expect(two.boot.id).toBe(one.boot.id)
  const next = beginGreetings(home, identity)('c')
  expect(next.boot).toMatchObject({ count: 2, greeting: 1 })
  expect(next.boot.id).not.toBe(one.boot.id)
  const statement = greetingStatement({ nonce: 'c', nodeId: identity.nodeId, boot: next.boot })
  expect(isSigned(identity.publicKey, statement, next.signature)).toBe(true)
  expect(isSigned(identity.publicKey, statement, two.signature)).toBe(false)
})
