/**
 * Finds a Redis for the tests of the line that `server/realtime/redis-line.ts` keeps: REDIS_SERVER_PATH → the system's Redis or
 * Valkey. `npm test` installs Debian's where it may (`test.mjs`): its `redis-tools` holds the server under the name of one of
 * its tools, without a service that would start with the machine.
 */
import { existsSync } from 'node:fs'

export const REDIS_PACKAGE = 'redis-tools'

const folders = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']
const programs = ['redis-server', 'valkey-server', 'redis-check-rdb']

/** A program that is a server when it is started by the name `redis-server`; null when there is none. */
export function findRedis() {
  const named = process.env.REDIS_SERVER_PATH
  if (named && !existsSync(named)) throw new Error(`REDIS_SERVER_PATH names ${named}, which does not exist.`)
  const paths = programs.flatMap((program) => folders.map((folder) => `${folder}/${program}`))
  return named || (paths.find((each) => existsSync(each)) ?? null)
}
