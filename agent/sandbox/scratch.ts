/** Short-lived folders of a run, in the system's temporary folder: small files to mount, and its socket. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '#agent/sandbox/processes.ts'

/** A socket's name may have 107 bytes, so a long temporary folder will not do. */
const root = (): string => (tmpdir().length < 60 ? tmpdir() : '/tmp')

/** The owner's number is in the name: what a killed daemon leaves is known by it. */
export const newScratch = (): string => mkdtempSync(join(root(), `gatehouse-run-${process.pid}-`))

export function removeAbandonedScratch(): void {
  for (const name of readdirSync(root())) {
    const owner = /^gatehouse-run-(\d+)-/.exec(name)?.[1]
    if (owner !== undefined && !isAlive(Number(owner))) rmSync(join(root(), name), { recursive: true, force: true })
  }
}
