/**
 * Runs `npm ci` in a folder that holds a lockfile. npm checks every archive against
 * the lockfile's SHA-512 before it unpacks it, and no install script runs, so what is
 * unpacked is what was pinned and nothing of it has been executed.
 */
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/** What npm needs to reach a registry; nothing else of the daemon's environment goes along. */
const passed =
  /^(home|lang|tmpdir|systemroot|appdata|(https?|no|all)_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|npm_config_(registry|cache|userconfig|globalconfig|proxy|https_proxy|noproxy|cafile|strict_ssl|.*:registry))$/i

/** npm as a script is run by our own Node: the system's may be too old for the programs' `engines`. */
function npmCommand(environment: NodeJS.ProcessEnv): [string, ...string[]] | null {
  const nodeFolder = dirname(process.execPath)
  const script = [environment['npm_execpath'], join(nodeFolder, '../lib/node_modules/npm/bin/npm-cli.js')].find(
    (path) => path !== undefined && /npm-cli\.(c|m)?js$/.test(path) && existsSync(path),
  )
  if (script) return [process.execPath, script]
  const found = (environment['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'npm'))
    .find(isExecutable)
  return found ? [found] : null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export type NpmOutcome = { ok: true } | { ok: false; detail: string }

export async function npmCi(folder: string, environment: NodeJS.ProcessEnv = process.env): Promise<NpmOutcome> {
  const command = npmCommand(environment)
  if (!command) return { ok: false, detail: 'npm was not found on this machine.' }
  const [program, ...first] = command
  const env: Record<string, string> = { PATH: [dirname(process.execPath), environment['PATH'] ?? ''].join(delimiter) }
  for (const [name, value] of Object.entries(environment)) if (value !== undefined && passed.test(name)) env[name] = value
  const args = [...first, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--no-update-notifier', '--loglevel=warn']
  const child = spawn(program, args, { cwd: folder, env: env as NodeJS.ProcessEnv, stdio: ['ignore', 'ignore', 'pipe'] })
  let words = ''
  child.stderr.on('data', (piece: Buffer) => (words = (words + String(piece)).slice(-20_000)))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ ok: false, detail: error.message }))
    child.once('close', (code) => resolve(code === 0 ? { ok: true } : { ok: false, detail: whyItFailed(words, code) }))
  })
}

/** npm's code and its first sentence, without what a URL or a setting may carry of a login. */
export function whyItFailed(stderr: string, code: number | null): string {
  const lines = stderr
    .split('\n')
    .filter((line) => /^npm (error|ERR!)/.test(line))
    .map((line) => line.replace(/^npm (error|ERR!)\s?/, '').trim())
    .filter((line) => line && !/complete log of this run|^\d+ |errno|^syscall/.test(line))
  const [first, second] = lines
  const text = [first?.replace(/^code /, ''), second].filter(Boolean).join(': ') || `npm ended with ${code}`
  return text
    .replace(/\/\/[^/\s@]+@/g, '//')
    .replace(/(_authToken|_password|_auth)\s*=\s*\S+/gi, '$1=…')
    .slice(0, 500)
}
