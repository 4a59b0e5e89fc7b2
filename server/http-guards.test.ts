import { describe, expect, it } from 'vitest'
import { allowedHosts, allowedOrigins, whyNotJson, whyNotSmall, whyRefused } from '#server/http-guards.ts'

const local = { url: 'http://127.0.0.1:3000', host: '127.0.0.1', port: 3000 }
const shared = { url: 'https://gatehouse.example.org', host: '0.0.0.0', port: 8080 }
const guard = (env: typeof local) => ({ hosts: allowedHosts(env), origins: allowedOrigins(env) })

describe('whyRefused', () => {
  it.each([
    ['a plain read', { method: 'GET', headers: { host: '127.0.0.1:3000', cookie: 'a=b' } }, null],
    ['localhost', { method: 'GET', headers: { host: 'localhost:3000' } }, null],
    ['a name that was made to resolve to us', { method: 'GET', headers: { host: 'attacker.example:3000' } }, 400],
    ['another port', { method: 'GET', headers: { host: '127.0.0.1:3001' } }, 400],
    ['no host', { method: 'GET', headers: {} }, 400],
    [
      'a write from our page',
      { method: 'POST', headers: { host: '127.0.0.1:3000', cookie: 'a=b', origin: 'http://127.0.0.1:3000' } },
      null,
    ],
    [
      'a write from another site',
      { method: 'POST', headers: { host: '127.0.0.1:3000', cookie: 'a=b', origin: 'http://evil.example' } },
      403,
    ],
    [
      'a write from another port',
      { method: 'POST', headers: { host: '127.0.0.1:3000', cookie: 'a=b', origin: 'http://127.0.0.1:3001' } },
      403,
    ],
    ['a write that does not say from where', { method: 'POST', headers: { host: '127.0.0.1:3000', cookie: 'a=b' } }, 403],
    ['a write from a sandboxed frame', { method: 'DELETE', headers: { host: '127.0.0.1:3000', cookie: 'a=b', origin: 'null' } }, 403],
    ['a script with a token', { method: 'POST', headers: { host: '127.0.0.1:3000', authorization: 'Bearer pat_x' } }, null],
    ['a token beside a cookie', { method: 'POST', headers: { host: '127.0.0.1:3000', authorization: 'Bearer pat_x', cookie: 'a=b' } }, 403],
  ])('%s', (_, asked, status) => {
    expect(whyRefused(asked, guard(local))?.status ?? null).toBe(status)
  })

  it('takes the public name and no origin but the public one', () => {
    const post = (host: string, origin: string) =>
      whyRefused({ method: 'POST', headers: { host, origin, cookie: 'a=b' } }, guard(shared))?.status ?? null
    expect(post('gatehouse.example.org', 'https://gatehouse.example.org')).toBe(null)
    expect(post('gatehouse.example.org', 'http://gatehouse.example.org')).toBe(403)
    expect(post('127.0.0.1:8080', 'http://127.0.0.1:8080')).toBe(403)
    expect(post('gatehouse.example.org.evil.example', 'https://gatehouse.example.org')).toBe(400)
  })
})

it('takes JSON and nothing that a form can send', () => {
  const post = (type?: string) =>
    whyNotJson({ method: 'POST', headers: type === undefined ? {} : { 'content-type': type } })?.status ?? null
  expect(post('application/json; charset=utf-8')).toBe(null)
  for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', 'application/jsonp', undefined])
    expect(post(type)).toBe(415)
  expect(whyNotJson({ method: 'GET', headers: {} })).toBe(null)
})

it('takes a small body that says how long it is', () => {
  const post = (headers: Record<string, string>) => whyNotSmall({ method: 'POST', headers })?.status ?? null
  expect(post({})).toBe(null)
  expect(post({ 'content-length': '65536' })).toBe(null)
  expect(post({ 'content-length': '65537' })).toBe(413)
  expect(post({ 'transfer-encoding': 'chunked' })).toBe(411)
  expect(whyNotSmall({ method: 'GET', headers: { 'transfer-encoding': 'chunked' } })).toBe(null)
})
