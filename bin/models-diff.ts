/**
 * `npm run models:diff [VERSION]` fetches the list of models of a well-kept package into a temporary folder, reads its
 * data (and runs nothing of it), and shows what it says differently than `core/models/entries`. A person decides what of
 * that is taken over.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { differences, KeptFile } from '#bin/catalog-difference.ts'
import { entries } from '#core/models/entries/all.ts'
import { providers } from '#core/providers/presets.ts'

const PACKAGE = '@earendil-works/pi-ai'
/** What these serve is a market: our entries are a choice of it. */
const selections = ['openrouter']

const version = process.argv[2] ?? 'latest'
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-models-'))
try {
  const packed = execFileSync('npm', ['pack', `${PACKAGE}@${version}`, '--json', '--pack-destination', folder], { encoding: 'utf8' })
  const [tarball] = z.array(z.object({ filename: z.string(), version: z.string() })).parse(JSON.parse(packed))
  execFileSync('tar', ['xzf', join(folder, tarball!.filename), '-C', folder])
  console.log(`${PACKAGE} ${tarball!.version}; prices as input / output / cache read / cache write, in dollars per million tokens.`)
  for (const { id, name } of providers) {
    const file = join(folder, 'package/dist/providers/data', `${id}.json`)
    if (!existsSync(file)) {
      console.log(`\n${name}: not in the package.`)
      continue
    }
    const ours = entries.filter((entry) => entry.provider === id)
    const found = differences(ours, KeptFile.parse(JSON.parse(readFileSync(file, 'utf8'))), { isSelection: selections.includes(id) })
    console.log(`\n${name}:${found.length === 0 ? ' the same.' : ''}`)
    for (const each of found) console.log(`  ${each}`)
  }
} finally {
  rmSync(folder, { recursive: true })
}
