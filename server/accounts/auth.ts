/**
 * better-auth: sign-in by e-mail and password, sessions in our own tables, the session
 * cookie. Accounts are made by `setup` and `invitations` only, so its sign-up is off.
 * Its Node handler is mounted at /api/auth by `server/http.ts`.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { betterAuth } from 'better-auth'
import { prismaAdapter } from 'better-auth/adapters/prisma'
import { prisma } from '#server/db/client.ts'
import { mintUuid } from '#server/db/mint.ts'
import type { Env } from '#server/env.ts'
import { log } from '#server/log.ts'
import { readOrCreate } from '#server/private-file.ts'
import { StartError } from '#server/start-error.ts'

/** The header in which our server, and nobody else, states a client's address. */
export const CLIENT_ADDRESS_HEADER = 'x-client-ip'
export const PASSWORD_MIN_LENGTH = 10
export const PASSWORD_MAX_LENGTH = 200

const DAY_SECONDS = 24 * 60 * 60

type AuthOptions = Pick<Env, 'url' | 'isTesting'> & { secret: string; trustedOrigins: readonly string[] }

const create = ({ url, secret, trustedOrigins, isTesting }: AuthOptions) =>
  betterAuth({
    appName: 'Gatehouse',
    baseURL: url,
    basePath: '/api/auth',
    secret,
    trustedOrigins: [...trustedOrigins],
    // It would take a name of any length and any characters: ours are checked where accounts are made.
    disabledPaths: ['/update-user'],
    database: prismaAdapter(prisma(), { provider: 'postgresql' }),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_MIN_LENGTH,
      maxPasswordLength: PASSWORD_MAX_LENGTH,
    },
    user: { additionalFields: { isInstanceOwner: { type: 'boolean', input: false, required: false, defaultValue: false } } },
    session: { expiresIn: 30 * DAY_SECONDS, updateAge: DAY_SECONDS },
    rateLimit: {
      enabled: !isTesting,
      window: 60,
      max: 300,
      customRules: { '/sign-in/email': { window: 60, max: 10 }, '/change-password': { window: 60, max: 5 } },
    },
    advanced: {
      cookiePrefix: 'gatehouse',
      useSecureCookies: url.startsWith('https:'),
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER], ipv6Subnet: 64 },
      database: { generateId: () => mintUuid() },
    },
    telemetry: { enabled: false },
    logger: { log: (level, message) => log[level === 'error' || level === 'warn' ? level : 'debug']({ from: 'better-auth' }, message) },
  })

export type Auth = ReturnType<typeof create>

let opened: Auth | undefined

/** After `openDatabase`; once per process. */
export function openAuth(options: AuthOptions): Auth {
  opened = create(options)
  return opened
}

export function auth(): Auth {
  if (!opened) throw new Error('Accounts are not open: call openAuth first')
  return opened
}

/**
 * What signs session cookies. Servers that share a master key share it; one that has its
 * key in `home` keeps a secret of its own there, so that neither reveals the other.
 * @throws StartError when that file holds no secret
 */
export function sessionSecret({ home, masterKey }: Pick<Env, 'home' | 'masterKey'>): string {
  if (masterKey) return createHmac('sha256', masterKey).update('gatehouse session cookies').digest('base64url')
  const file = join(home, 'session.key')
  const secret = readOrCreate(file, () => randomBytes(32).toString('base64url')).trim()
  if (secret.length < 32)
    throw new StartError(`${file} does not hold the secret that signs sessions: delete it, and everybody signs in again.`)
  return secret
}
