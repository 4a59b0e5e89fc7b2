import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readEnv } from '#server/env.ts'

describe('readEnv', () => {
  it('needs nothing', () => {
    expect(readEnv({})).toEqual({
      port: 3000,
      host: '127.0.0.1',
      url: 'http://127.0.0.1:3000',
      localUrl: 'http://127.0.0.1:3000',
      home: resolve('.gatehouse'),
      databaseUrl: null,
      redisUrl: null,
      masterKey: null,
      privateUpstreams: [],
      proxyPort: null,
      harnessDir: resolve('.gatehouse/harnesses'),
      keepEventsDays: null,
      isTesting: false,
      isDevelopment: false,
    })
  })

  it('keeps the public address apart from the local one', () => {
    const read = readEnv({ HOST: '0.0.0.0', PORT: '80', GATEHOUSE_URL: 'https://gatehouse.example.org/' })
    expect([read.url, read.localUrl]).toEqual(['https://gatehouse.example.org', 'http://127.0.0.1:80'])
    expect(readEnv({ HOST: '::1' }).localUrl).toBe('http://[::1]:3000')
  })

  it('reads the list of private upstreams', () => {
    expect(readEnv({ GATEHOUSE_PRIVATE_UPSTREAMS: 'localhost:11434, [::1]:8000,' }).privateUpstreams).toEqual([
      'localhost:11434',
      '[::1]:8000',
    ])
  })

  it.each([
    [{ PORT: 'http' }, 'PORT must be a port between 1 and 65535, not "http".'],
    [{ PORT: '0' }, 'PORT must be a port between 1 and 65535, not "0".'],
    [{ GATEHOUSE_PROXY_PORT: '70000' }, 'GATEHOUSE_PROXY_PORT must be a port between 1 and 65535, not "70000".'],
    [
      { GATEHOUSE_URL: 'gatehouse' },
      'GATEHOUSE_URL must be an address such as https://gatehouse.example.org, without a path, not "gatehouse".',
    ],
    [
      { GATEHOUSE_URL: 'https://a.example/b' },
      'GATEHOUSE_URL must be an address such as https://gatehouse.example.org, without a path, not "https://a.example/b".',
    ],
    [{ REDIS_URL: 'localhost:6379' }, 'REDIS_URL must be an address such as redis://user:password@host:6379, or rediss:// for TLS.'],
    [{ GATEHOUSE_KEEP_EVENTS_DAYS: 'a week' }, 'GATEHOUSE_KEEP_EVENTS_DAYS must be a number of days, not "a week".'],
    [{ GATEHOUSE_PRIVATE_UPSTREAMS: 'ollama' }, 'GATEHOUSE_PRIVATE_UPSTREAMS must be a list of host:port, and "ollama" is not one.'],
  ])('refuses %j in one sentence', (given, sentence) => {
    expect(() => readEnv(given)).toThrow(sentence)
  })
})
