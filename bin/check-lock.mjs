/**
 * Checks a package-lock.json before anybody is met by its gaps.
 * npm silently leaves out optional packages that the registry did not have, and the
 * next `npm ci` then fails, or a Mac gets no binary. Every package that a locked
 * package asks for must be locked too, with its integrity, and without a host.
 *
 * Usage: node bin/check-lock.mjs [lockfile …]
 */
import { readFileSync } from 'node:fs'

const files = process.argv.length > 2 ? process.argv.slice(2) : ['package-lock.json']

/** The place where Node would find `name` from `from`, as npm lays packages out. */
function isLocked(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder}${folder && '/'}node_modules/${name}`]) return true
    if (folder === '') return false
  }
}

function problemsOf({ packages }) {
  const problems = []
  for (const [place, each] of Object.entries(packages)) {
    for (const name of Object.keys({ ...each.dependencies, ...each.optionalDependencies })) {
      if (!isLocked(packages, place, name)) problems.push(`${place || 'package.json'} needs ${name}, which the lockfile does not hold`)
    }
    if (place && !each.link && !each.inBundle && !each.integrity) problems.push(`${place} has no integrity`)
    if (each.resolved?.startsWith('http') && !each.resolved.startsWith('https://registry.npmjs.org/'))
      problems.push(`${place} names the host of one registry`)
  }
  return problems
}

let count = 0
for (const file of files) {
  for (const problem of problemsOf(JSON.parse(readFileSync(file, 'utf8')))) {
    count += 1
    console.error(`${file}: ${problem}`)
  }
}
if (count > 0) {
  console.error(`${count} problems. Choose versions whose packages exist for every platform, then run npm install again.`)
  process.exit(1)
}
