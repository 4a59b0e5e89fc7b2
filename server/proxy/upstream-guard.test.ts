import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DomainError } from '#core/errors.ts'
import { checkUpstreamUrl, guardedConnector, type Guard, type Unsafe } from '#server/proxy/upstream-guard.ts'

const names: Record<string, readonly string[]> = {
  'public.example': ['93.184.216.34'],
  'dual.example': ['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'],
  'one-is-private.example': ['93.184.216.34', '10.0.0.5'],
  'last-is-loopback.example': ['2606:2800:220:1:248:1893:25c8:1946', '::1'],
  'rebound.example': ['127.0.0.1'],
  localhost: ['127.0.0.1', '::1'],
  'metadata.google.internal': ['169.254.169.254'],
  'ollama.lan': ['192.168.1.20'],
}
const guard: Guard = {
  privateUpstreams: ['ollama.lan:11434', '127.0.0.1:8123', '[::1]:8123'],
  resolve: (name) => (names[name] ? Promise.resolve(names[name]) : Promise.reject(new Error('ENOTFOUND'))),
}

/** @returns why not, or null */
const reasonFor = (url: string) =>
  checkUpstreamUrl(url, guard).then(
    () => null,
    (failure: DomainError) => {
      expect(failure.code).toBe('upstream.unsafe')
      return failure.facts['reason'] as Unsafe
    },
  )

describe('URLs', () => {
  const cases: [url: string, reason: Unsafe | null][] = [
    ['https://public.example', null],
    ['https://public.example:8443/v1', null],
    ['https://dual.example/v1', null],
    ['https://93.184.216.34/v1', null],
    ['https://[2606:4700:4700::1111]/v1', null],
    ['http://public.example', 'not-https'],
    ['ftp://public.example', 'not-a-url'],
    ['file:///etc/passwd', 'not-a-url'],
    ['javascript:alert(1)', 'not-a-url'],
    ['public.example', 'not-a-url'],
    ['', 'not-a-url'],
    ['https://', 'not-a-url'],
    ['https://user:password@public.example', 'has-credentials'],
    ['https://user@public.example', 'has-credentials'],
    ['https://public.example@127.0.0.1/', 'has-credentials'],
    ['https://nobody.example', 'host-not-found'],
    // every spelling of loopback
    ['https://localhost', 'private-address'],
    ['https://127.0.0.1', 'private-address'],
    ['https://127.1', 'private-address'],
    ['https://2130706433', 'private-address'],
    ['https://0x7f000001', 'private-address'],
    ['https://0x7f.0.0.1', 'private-address'],
    ['https://0177.0.0.1', 'private-address'],
    ['https://017700000001', 'private-address'],
    ['https://①②⑦.⓪.⓪.①', 'private-address'],
    ['https://127。0。0。1', 'private-address'],
    ['https://%31%32%37.0.0.1', 'private-address'],
    ['https://0', 'private-address'],
    ['https://[::1]', 'private-address'],
    ['https://[0:0:0:0:0:0:0:1]', 'private-address'],
    ['https://[::ffff:127.0.0.1]', 'private-address'],
    ['https://[::ffff:7f00:1]', 'private-address'],
    ['https://[64:ff9b::7f00:1]', 'private-address'],
    ['https://169.254.169.254/latest/meta-data', 'private-address'],
    ['https://metadata.google.internal', 'private-address'],
    ['https://10.0.0.5:443', 'private-address'],
    // a name is as bad as its worst address
    ['https://one-is-private.example', 'private-address'],
    ['https://last-is-loopback.example', 'private-address'],
    ['https://rebound.example', 'private-address'],
    // the owner's pairs are exact: host, port, nothing near them
    ['http://ollama.lan:11434/v1', null],
    ['https://ollama.lan:11434/v1', null],
    ['http://OLLAMA.lan:11434', null],
    ['http://127.0.0.1:8123/anthropic', null],
    ['http://[::1]:8123', null],
    ['http://ollama.lan:11435', 'not-https'],
    ['https://ollama.lan', 'private-address'],
    ['http://ollama.lan', 'not-https'],
    ['http://127.0.0.1:8124', 'not-https'],
    ['http://localhost:8123', 'not-https'],
    ['http://user:word@ollama.lan:11434', 'has-credentials'],
  ]
  it.each(cases)('%s: %s', async (url, reason) => expect(await reasonFor(url)).toBe(reason))
})

describe('connections', () => {
  const server = createServer((_req, res) => res.end('reached'))
  let port: number
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())))

  const reach = async (origin: string, given: Guard): Promise<string> => {
    const pool = new Pool(origin, { connect: guardedConnector(given), allowH2: false })
    try {
      const { body } = await pool.request({ path: '/', method: 'GET' })
      return await body.text()
    } catch (failure) {
      return failure instanceof DomainError ? String(failure.facts['reason']) : String((failure as NodeJS.ErrnoException).code)
    } finally {
      await pool.destroy()
    }
  }

  it('refuses an address literal, for which no lookup is ever made', async () => {
    expect(await reach(`https://127.0.0.1:${port}`, { privateUpstreams: [] })).toBe('private-address')
    expect(await reach(`http://127.0.0.1:${port}`, { privateUpstreams: [] })).toBe('not-https')
  })

  it('refuses a name that pointed elsewhere when it was saved', async () => {
    expect(await reach(`https://rebound.example:${port}`, { ...guard, privateUpstreams: [] })).toBe('private-address')
  })

  it('dials the very address that was checked, whatever the name says later', async () => {
    let answers = 0
    const changing: Guard = {
      privateUpstreams: [`changing.example:${port}`],
      resolve: () => Promise.resolve(answers++ === 0 ? ['127.0.0.1'] : ['192.0.2.1']),
    }
    expect(await reach(`http://changing.example:${port}`, changing)).toBe('reached')
    expect(answers).toBe(1)
  })

  it('tries the next address when one does not answer', async () => {
    const several: Guard = { privateUpstreams: [`several.example:${port}`], resolve: () => Promise.resolve(['::1', '127.0.0.1']) }
    expect(await reach(`http://several.example:${port}`, several)).toBe('reached')
  })

  it('speaks TLS only to a server that proves its name', async () => {
    expect(await reach(`https://127.0.0.1:${port}`, { privateUpstreams: [`127.0.0.1:${port}`] })).not.toBe('reached')
  })
})
