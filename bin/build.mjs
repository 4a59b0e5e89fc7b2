/**
 * `npm run build`: the pages. Leaves a stamp of what was built, so that `npm start` builds
 * again exactly when something that goes into the pages has changed.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { findNode, root } from './node24.mjs'

/** What next reads for the pages. Of the server they hold only `page-caller.ts`, and types. */
const sources = [
  'app',
  'components',
  'core',
  'public',
  'server/trpc/page-caller.ts',
  'next.config.ts',
  'postcss.config.mjs',
  'tsconfig.json',
  'package-lock.json',
]
const stampFile = path.join(root, '.next/gatehouse-stamp')

function filesBelow(place) {
  const full = path.join(root, place)
  if (!existsSync(full)) return []
  if (!statSync(full).isDirectory()) return [place]
  return readdirSync(full)
    .toSorted()
    .flatMap((name) => filesBelow(path.join(place, name)))
}

function sourceStamp() {
  const hash = createHash('sha256')
  for (const file of sources.flatMap(filesBelow).filter((each) => !/\.test\.tsx?$/.test(each)))
    hash
      .update(`${file}\0`)
      .update(readFileSync(path.join(root, file)))
      .update('\0')
  return hash.digest('hex')
}

/** Whether `.next` holds what the sources say. */
export function isBuilt() {
  if (!existsSync(path.join(root, '.next/BUILD_ID')) || !existsSync(stampFile)) return false
  return readFileSync(stampFile, 'utf8') === sourceStamp()
}

/**
 * Builds, unless somebody else is at it: then waits for what they make of it.
 * @param {{ isQuiet: boolean }} options quiet shows what next says only when it fails
 */
export async function build({ isQuiet }) {
  for (;;) {
    // Taken before: what changes while we build is built the next time.
    const stamp = sourceStamp()
    const { code, said } = await runNext({ isQuiet })
    if (code === 0) writeFileSync(stampFile, stamp)
    else if (/another next build process is already running/i.test(said)) {
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      if (!isBuilt()) continue
    } else if (isQuiet) process.stderr.write(said)
    return code === 0 || isBuilt()
  }
}

async function runNext({ isQuiet }) {
  const next = path.join(root, 'node_modules/next/dist/bin/next')
  const child = spawn(findNode() ?? process.execPath, [next, 'build'], {
    cwd: root,
    // The master key is for the server alone.
    env: { ...process.env, GATEHOUSE_MASTER_KEY: undefined, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said += text
      if (!isQuiet) process.stdout.write(text)
    })
  }
  const stop = () => child.kill()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const code = await new Promise((resolve) => child.on('error', () => resolve(1)).on('close', (status) => resolve(status ?? 1)))
  process.off('SIGINT', stop).off('SIGTERM', stop)
  return { code, said }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = (await build({ isQuiet: false })) ? 0 : 1
