/**
 * What the environment says, read once at the start. Every variable that Gatehouse
 * knows stands here; the README lists them for people.
 */
import { resolve } from 'node:path'
import { StartError } from '#server/start-error.ts'

export type Env = Readonly<{
  port: number
  host: string
  /** The address in people's browsers, without a slash at the end: links, cookies and the Origin check follow it. */
  url: string
  /** Where processes of this machine reach us, whatever is in front. */
  localUrl: string
  /** Absolute. Holds everything that is ours and private. */
  home: string
  /** Null: the embedded PostgreSQL. */
  databaseUrl: string | null
  /** Carries hints between the servers on one database; null: PostgreSQL does. */
  redisUrl: string | null
  /** Base64 of 32 bytes; null: a file in `home`. */
  masterKey: string | null
  /** `host:port` that may be private and plain http. */
  privateUpstreams: readonly string[]
  /** Null: the proxy is part of this process. */
  proxyPort: number | null
  harnessDir: string
  /** A chat that has rested for so long keeps what its events came to, and no longer each of them; null: for ever. */
  keepEventsDays: number | null
  /** Offers the scripted harness, and lifts the limits that people meet and tests run into. */
  isTesting: boolean
  isDevelopment: boolean
}>

/** @throws StartError naming the variable */
export function readEnv(given: Readonly<Record<string, string | undefined>>): Env {
  const text = (name: string): string | null => given[name]?.trim() || null
  const port = portOf('PORT', text('PORT')) ?? 3000
  const host = text('HOST') ?? '127.0.0.1'
  const home = resolve(text('GATEHOUSE_HOME') ?? '.gatehouse')
  const localUrl = `http://${bracketed(isAnyAddress(host) ? '127.0.0.1' : host)}:${port}`
  return {
    port,
    host,
    url: text('GATEHOUSE_URL') ? originOf('GATEHOUSE_URL', text('GATEHOUSE_URL')!) : localUrl,
    localUrl,
    home,
    databaseUrl: text('DATABASE_URL'),
    redisUrl: redisUrlOf(text('REDIS_URL')),
    masterKey: text('GATEHOUSE_MASTER_KEY'),
    privateUpstreams: privateUpstreamsOf(text('GATEHOUSE_PRIVATE_UPSTREAMS') ?? ''),
    proxyPort: portOf('GATEHOUSE_PROXY_PORT', text('GATEHOUSE_PROXY_PORT')),
    harnessDir: resolve(text('GATEHOUSE_HARNESS_DIR') ?? `${home}/harnesses`),
    keepEventsDays: daysOf('GATEHOUSE_KEEP_EVENTS_DAYS', text('GATEHOUSE_KEEP_EVENTS_DAYS')),
    isTesting: text('GATEHOUSE_TESTING') === '1',
    isDevelopment: text('NODE_ENV') === 'development',
  }
}

let own: Env | undefined

/** Of this process. The master key leaves `process.env` at the first call, so that no child inherits it. */
export function env(): Env {
  if (!own) {
    own = readEnv(process.env)
    delete process.env['GATEHOUSE_MASTER_KEY']
  }
  return own
}

const isAnyAddress = (host: string) => host === '0.0.0.0' || host === '::'

const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host)

function portOf(name: string, value: string | null): number | null {
  if (value === null) return null
  const port = Number(value)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new StartError(`${name} must be a port between 1 and 65535, not "${value}".`)
  return port
}

function redisUrlOf(value: string | null): string | null {
  if (value !== null && !(URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol)))
    throw new StartError('REDIS_URL must be an address such as redis://user:password@host:6379, or rediss:// for TLS.')
  return value
}

function daysOf(name: string, value: string | null): number | null {
  if (value === null) return null
  const days = Number(value)
  if (!Number.isInteger(days) || days < 1 || days > 36_500) throw new StartError(`${name} must be a number of days, not "${value}".`)
  return days
}

function originOf(name: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new StartError(`${name} must be an address such as https://gatehouse.example.org, without a path, not "${value}".`)
  }
  return url.origin
}

function privateUpstreamsOf(list: string): string[] {
  const names = list
    .split(',')
    .map((each) => each.trim().toLowerCase())
    .filter(Boolean)
  for (const name of names) {
    if (!/^(\[[0-9a-f:.]+\]|[a-z0-9.-]+):\d{1,5}$/.test(name))
      throw new StartError(`GATEHOUSE_PRIVATE_UPSTREAMS must be a list of host:port, and "${name}" is not one.`)
  }
  return names
}
