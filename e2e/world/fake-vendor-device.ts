/**
 * The fake vendors' own sign-in: what Codex's device login and Claude Code's pasted code
 * ask of them, and the person who confirms at their page. Codes are for one login each.
 */
import { createHash, randomBytes } from 'node:crypto'
import { fieldsOf, type Account } from '#e2e/world/fake-vendor-logins.ts'
import type { Answer, VendorRequest } from '#e2e/world/fake-vendor-routes.ts'
import type { FakeVendor } from '#e2e/world/fake-vendor.ts'

type Device = { id: string; userCode: string; polls: number; account: Account | null; isRefused: boolean }
type Grant = { account: Account; challenge: string | null }

export type DeviceLogins = ReturnType<typeof serveDeviceLogins>

const ok = (body: Answer['body']): Answer => ({ status: 200, body })
const word = (bytes: number) => randomBytes(bytes).toString('hex')

export function serveDeviceLogins(vendor: FakeVendor) {
  const devices: Device[] = []
  const grants = new Map<string, Grant>()
  const grantTo = (account: Account, challenge: string | null): string => {
    const code = `ac-${word(12)}`
    grants.set(code, { account, challenge })
    return code
  }

  /** A code is worth one login, and only to whoever asked for it. */
  function redeem(fields: Record<string, unknown>): Account | null {
    const code = String(fields['code'])
    const grant = grants.get(code)
    grants.delete(code)
    if (!grant) return null
    const challenge = createHash('sha256').update(String(fields['code_verifier'])).digest('base64url')
    return grant.challenge === null || grant.challenge === challenge ? grant.account : null
  }

  const routes: Readonly<Record<string, (request: VendorRequest, fields: Record<string, unknown>) => Answer | null>> = {
    'POST auth.openai.com/api/accounts/deviceauth/usercode': () => {
      const device = { id: `dev-${word(8)}`, userCode: userCode(), polls: 0, account: null, isRefused: false }
      devices.push(device)
      return ok({ device_auth_id: device.id, user_code: device.userCode, interval: '1' })
    },
    'POST auth.openai.com/api/accounts/deviceauth/token': (_, fields) => {
      const device = devices.find((each) => each.id === fields['device_auth_id'] && each.userCode === fields['user_code'])
      if (!device) return { status: 404, body: {} }
      device.polls += 1
      if (device.isRefused) return { status: 400, body: { error: 'access_denied' } }
      // Codex goes on asking at 403 and 404.
      if (!device.account) return { status: 403, body: {} }
      return ok({ authorization_code: grantTo(device.account, null), code_challenge: word(16), code_verifier: word(16) })
    },
    'POST auth.openai.com/oauth/token': (_, fields) => {
      if (fields['grant_type'] !== 'authorization_code') return null
      const account = redeem(fields)
      if (!account) return { status: 400, body: { error: 'invalid_grant' } }
      const { access, refresh, idToken } = vendor.logins.issue('openai', account)
      return ok({ access_token: access, refresh_token: refresh, id_token: idToken })
    },
    'POST platform.claude.com/v1/oauth/token': (_, fields) => {
      if (fields['grant_type'] !== 'authorization_code') return null
      const account = redeem(fields)
      if (!account) return { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid code' } }
      const { access, refresh, scope } = vendor.logins.issue('anthropic', account)
      return ok({
        token_type: 'Bearer',
        access_token: access,
        refresh_token: refresh,
        expires_in: 28_800,
        scope,
        account: { uuid: account.accountId, email_address: account.email },
        organization: { uuid: `org-${account.accountId}`, name: 'Ada' },
      })
    },
    'GET api.anthropic.com/api/oauth/claude_cli/roles': () =>
      ok({ organization_role: 'admin', workspace_role: null, organization_name: 'Ada' }),
  }

  vendor.route((request) => {
    const route = routes[`${request.method} ${request.host}${request.path}`]
    if (!route) return null
    const type = request.headers['content-type']
    return route(request, request.body.length > 0 ? fieldsOf(request.body.toString('utf8'), type) : {})
  })

  const deviceOf = (code: string): Device => {
    const found = devices.find((each) => each.userCode === code)
    if (!found) throw new Error(`No device was given the code ${code}`)
    return found
  }
  return {
    /** Somebody signs in at chatgpt.com and enters the code. */
    confirm: (code: string, account: Account): void => void (deviceOf(code).account = account),
    refuse: (code: string): void => void (deviceOf(code).isRefused = true),
    /** How often its program has asked so far. */
    pollsOf: (code: string): number => deviceOf(code).polls,
    /** Somebody signs in behind Claude's link, and is shown this code. */
    codeBehind(link: string, account: Account): string {
      const asked = new URL(link).searchParams
      return `${grantTo(account, asked.get('code_challenge'))}#${asked.get('state')}`
    },
  }
}

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ'
const letters = (count: number) => Array.from(randomBytes(count), (byte) => LETTERS[byte % LETTERS.length]).join('')
/** As the vendor's: easy to type, hard to guess. */
const userCode = (): string => `${letters(4)}-${letters(5)}`
