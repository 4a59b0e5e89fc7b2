/**
 * Portkey's gateway, the one of its kind that npm has: an own lockfile, installed into a
 * folder of ours when it is first asked for, and never a dependency of the product.
 * Its Hono server is pinned, as what a fresh install brings cannot stream (their #1389, #1550).
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { npmCi } from '#agent/launch/npm.ts'
import { freePort, root, start, stop, untilItAnswers } from '#bin/bench/children.ts'
import { familyOf } from '#bin/bench/process-cost.ts'
import { Unavailable, type Target } from '#bin/bench/proxy/target.ts'

const locks = join(import.meta.dirname, 'portkey-lock')
const cache = join(root, '.test/bench/portkey')
const program = join(cache, 'node_modules/@portkey-ai/gateway/build/start-server.js')

/** @throws Unavailable */
async function install(): Promise<string> {
  const lock = 'package-lock.json'
  const isSame = existsSync(join(cache, lock)) && readFileSync(join(cache, lock), 'utf8') === readFileSync(join(locks, lock), 'utf8')
  if (!isSame || !existsSync(program)) {
    mkdirSync(cache, { recursive: true })
    for (const file of ['package.json', lock]) copyFileSync(join(locks, file), join(cache, file))
    const outcome = await npmCi(cache)
    if (!outcome.ok) throw new Unavailable(`Portkey's gateway could not be installed: ${outcome.detail}`)
  }
  const { packages } = JSON.parse(readFileSync(join(locks, lock), 'utf8')) as { packages: Record<string, { version?: string }> }
  return packages['node_modules/@portkey-ai/gateway']?.version ?? '?'
}

/** @throws Unavailable */
export async function startPortkey(stubPort: number): Promise<Target> {
  const version = await install()
  const port = await freePort()
  const child = start({
    file: process.execPath,
    args: [program, `--port=${port}`, '--headless'],
    env: { NODE_ENV: 'production' },
    cwd: cache,
  })
  const target: Target = {
    name: 'portkey',
    version,
    calls: [
      {
        port,
        path: '/v1/chat/completions',
        headers: {
          authorization: 'Bearer sk-loopback',
          'x-portkey-provider': 'openai',
          'x-portkey-custom-host': `http://127.0.0.1:${stubPort}/v1`,
        },
      },
    ],
    pids: () => familyOf(child.pid!),
    besidesPids: () => [],
    isDone: async () => true,
    stop: () => stop(child),
  }
  try {
    await untilItAnswers(child, `http://127.0.0.1:${port}/`)
    return target
  } catch (error) {
    await target.stop()
    throw error
  }
}
