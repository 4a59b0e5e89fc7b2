/**
 * Runs a TypeScript entry on Node 24, whatever Node started us. npm's scripts already
 * have the right one first on their PATH; from a plain shell the packaged one is started.
 * Plain JavaScript that an old Node understands.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const MAJOR = 24

/** The Node to use, or null when this machine has none that is new enough. */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= MAJOR) return process.execPath
  const packaged = path.join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin/node')
  return existsSync(packaged) ? packaged : null
}

/** Runs `file` (from the repository's root) with our arguments, here or in a child that gets our signals. */
export async function runOnNode24(file) {
  const node = findNode()
  if (node === null) {
    console.error(
      `Gatehouse needs Node ${MAJOR} or newer and this is ${process.version}: install it, or run npm install again with optional dependencies.`,
    )
    process.exit(1)
  }
  if (node === process.execPath) {
    await import(pathToFileURL(path.join(root, file)).href)
    return
  }
  // Not spawnSync: it would keep our signals from the child, and leave it running.
  const child = spawn(node, [path.join(root, file), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
}
