/** Only a test may put somebody else in a vendor's place, or add a certificate to those that an agent trusts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readDaemonEnv, realVendors } from '#agent/env.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-env-'))
  writeFileSync(join(home, 'ca.pem'), 'certificate')
})
afterEach(() => rmSync(home, { recursive: true }))

const vendorsOf = (more: Record<string, string>) =>
  readDaemonEnv({
    GATEHOUSE_HOME: home,
    GATEHOUSE_TEST_VENDORS: 'chatgpt.com:443=127.0.0.1:4567,api.anthropic.com:443=127.0.0.1:4568',
    GATEHOUSE_TEST_CA: join(home, 'ca.pem'),
    ...more,
  } as unknown as NodeJS.ProcessEnv).vendors

it('puts others in the place of vendors in a test', () => {
  expect(vendorsOf({ GATEHOUSE_TESTING: '1' })).toEqual({
    redirected: new Map([
      ['chatgpt.com:443', '127.0.0.1:4567'],
      ['api.anthropic.com:443', '127.0.0.1:4568'],
    ]),
    ca: { file: join(home, 'ca.pem'), contents: 'certificate' },
  })
})

it('knows the real vendors alone everywhere else', () => {
  expect(vendorsOf({})).toEqual(realVendors)
  expect(vendorsOf({ GATEHOUSE_TESTING: '0' })).toEqual(realVendors)
})
