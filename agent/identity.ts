/**
 * Who this node is: a key pair that is made here and never leaves, and a count of starts that a copy of this folder
 * cannot share. `<home>/node/identity.json` is replaced whole, so that key and name never belong to two enrolments.
 * The other side: `server/daemons/identity-service.ts`.
 */
import { createPrivateKey, generateKeyPairSync, randomUUID, sign as signWith, type KeyObject } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { NodeId } from '#core/ids.ts'
import { ENROLMENT_PATH, Enrolled, enrolmentStatement, greetingStatement, type Boot, type Proof } from '#core/nodes/identity.ts'

const Identity = z.object({ url: z.url(), nodeId: NodeId, name: z.string().min(1), publicKey: z.base64(), privateKey: z.base64() })
export type Identity = z.infer<typeof Identity>

/** Left by the server for its own node: how it enrols at its next start. */
const Invitation = z.object({ url: z.url(), token: z.string().min(1) })

const folderOf = (home: string): string => join(home, 'node')
const identityFile = (home: string): string => join(folderOf(home), 'identity.json')
const invitationFile = (home: string): string => join(folderOf(home), 'invitation.json')
const bootsFile = (home: string): string => join(folderOf(home), 'boots.json')

/** The server did not take the token, or did not answer; `status` is null where it did not. */
export class EnrolmentError extends Error {
  readonly status: number | null
  constructor(message: string, status: number | null) {
    super(message)
    this.status = status
  }
}

/** Null on a machine that has not joined, or joined before nodes had keys. */
export function readIdentity(home: string): Identity | null {
  if (!existsSync(identityFile(home))) return null
  return Identity.safeParse(JSON.parse(readFileSync(identityFile(home), 'utf8'))).data ?? null
}

/**
 * Makes a key pair and has the server take its public half for the token. A former identity of this home is replaced.
 * @throws EnrolmentError
 */
export async function enrol({ home, url, token }: { home: string; url: string; token: string }): Promise<Identity> {
  const pair = generateKeyPairSync('ed25519')
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const signature = signatureOf(pair.privateKey, enrolmentStatement({ token, publicKey }))
  const answer = await fetch(new URL(ENROLMENT_PATH, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, publicKey, signature }),
    redirect: 'manual',
    signal: AbortSignal.timeout(15_000),
  }).catch((error: Error) => {
    throw new EnrolmentError((error.cause as NodeJS.ErrnoException | undefined)?.code ?? error.message, null)
  })
  if (!answer.ok) throw new EnrolmentError(`it answered ${answer.status}`, answer.status)
  const { nodeId, name } = Enrolled.parse(await answer.json())
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  const identity = { url, nodeId, name, publicKey, privateKey }
  writeWhole(identityFile(home), JSON.stringify(identity))
  // Counted anew under every key: what was copied before says nothing of this one.
  rmSync(bootsFile(home), { force: true })
  return identity
}

/** Takes up what the server has left for its own node, if it has. @throws EnrolmentError */
export async function takeInvitation(home: string): Promise<void> {
  if (!existsSync(invitationFile(home))) return
  const { url, token } = Invitation.parse(JSON.parse(readFileSync(invitationFile(home), 'utf8')))
  await enrol({ home, url, token })
  rmSync(invitationFile(home), { force: true })
}

/** The greetings of this start. The start is on the disk before this returns, so no later one can have its number. */
export function beginGreetings(home: string, { nodeId, privateKey }: Identity): (nonce: string) => Proof {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  const id = randomUUID()
  const count = lastCount(home) + 1
  writeWhole(bootsFile(home), JSON.stringify({ count, id }))
  let greeting = 0
  return (nonce) => {
    greeting += 1
    const boot: Boot = { id, count, greeting }
    return { nodeId, boot, signature: signatureOf(key, greetingStatement({ nonce, nodeId, boot })) }
  }
}

function lastCount(home: string): number {
  if (!existsSync(bootsFile(home))) return 0
  return z.object({ count: z.int().positive() }).parse(JSON.parse(readFileSync(bootsFile(home), 'utf8'))).count
}

const signatureOf = (key: KeyObject, statement: string): string => signWith(null, Buffer.from(statement), key).toString('base64')

/** All or nothing, readable by us alone from its first byte on, and on the disk when it returns. */
function writeWhole(file: string, contents: string): void {
  const folder = join(file, '..')
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  const draft = `${file}.new`
  rmSync(draft, { force: true })
  writeFileSync(draft, contents, { mode: 0o600, flag: 'wx', flush: true })
  renameSync(draft, file)
  const descriptor = openSync(folder, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
