/**
 * The first owner. While there is none, a link with a one-time code is printed at every
 * start; the code's use, or `gatehouse setup` on the machine itself, closes set-up for ever.
 */
import { timingSafeEqual } from 'node:crypto'
import { createOwner, isAnyOwnerThere, readSetup, writeSetupCode } from '#server/accounts/store.ts'
import { sealPassword } from '#server/accounts/service.ts'
import { DomainError } from '#core/errors.ts'
import { hashToken, mintToken } from '#server/db/mint.ts'

const CODE_LASTS_MS = 24 * 60 * 60 * 1000

export async function isSetupOpen(): Promise<boolean> {
  const { closedAt } = await readSetup()
  return closedAt === null && !(await isAnyOwnerThere())
}

/** A new code, which makes the earlier ones useless; null once set-up is closed. */
export async function renewSetupCode(): Promise<string | null> {
  if (!(await isSetupOpen())) return null
  const { token, hash } = mintToken('set')
  await writeSetupCode(hash, new Date(Date.now() + CODE_LASTS_MS))
  return token
}

export type FirstOwner = { name: string; email: string; password: string; team: string }

/** @throws setup.closed, setup.code-wrong */
export async function completeSetup({ code, ...owner }: FirstOwner & { code: string }): Promise<{ teamId: string }> {
  if (!(await isSetupOpen())) throw new DomainError('setup.closed')
  const { codeHash, codeExpiresAt } = await readSetup()
  const isRight = codeHash !== null && codeExpiresAt !== null && codeExpiresAt > new Date() && timingSafeEqual(codeHash, hashToken(code))
  if (!isRight) throw new DomainError('setup.code-wrong')
  const { teamId } = await setUp(owner)
  return { teamId }
}

/**
 * Without a code: for the command line, whose user already reads the database.
 * @throws setup.closed
 */
export async function setUp({ name, email, password, team }: FirstOwner): Promise<{ userId: string; teamId: string }> {
  const created = await createOwner({ name, email, passwordHash: await sealPassword(password), team })
  if (!created) throw new DomainError('setup.closed')
  return created
}
