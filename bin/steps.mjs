/**
 * Runs named commands, several at once, and says of each how it ended and how long
 * it took. Output of a step that passed is kept quiet; of one that failed it is shown.
 * Used by `check.mjs` and `test.mjs`. Plain JavaScript, so that it also starts on an old Node.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

/** The environment of a step: our own tools (and our own Node) come first. */
const environment = {
  ...process.env,
  PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env.PATH}`,
  NEXT_TELEMETRY_DISABLED: '1',
  // Tests start hundreds of processes of the same sources: each is compiled once.
  NODE_COMPILE_CACHE: path.join(root, '.test/compiled'),
}

const running = new Set()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) child.kill(signal)
    process.exitCode = 1
  })
}

/**
 * @param {{ name: string, command: string, isLoud?: boolean, env?: Record<string, string> }} step `isLoud` passes the output through
 * @returns {Promise<{ name: string, passed: boolean, output: string }>}
 */
export function runStep({ name, command, isLoud = false, env = {} }) {
  const startedAt = performance.now()
  return new Promise((resolve) => {
    const child = spawn(command, { cwd: root, shell: true, env: { ...environment, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text
        if (isLoud) process.stdout.write(text)
      })
    }
    child.on('error', (error) => (output += String(error)))
    child.on('close', (code) => {
      running.delete(child)
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      if (code !== 0 && !isLoud) process.stdout.write(`\n── ${name}: ${command}\n${output.trimEnd()}\n\n`)
      console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`)
      resolve({ name, passed: code === 0, output })
    })
  })
}

/** Runs a chain of steps one after another; a later step does not wait for an earlier one to pass. */
export async function runChain(steps) {
  const results = []
  for (const each of steps) results.push(await runStep(each))
  return results
}
