/**
 * `npm start`: builds what is not built, then becomes the server (`server/main.ts`).
 * `npm run dev` gives `--dev`: pages are built as they are asked for, and again as they change.
 */
import path from 'node:path'
import { existsSync } from 'node:fs'
import { findNode, root, runOnNode24 } from './node24.mjs'

if (findNode() === process.execPath) {
  const isDevelopment = process.argv.includes('--dev')
  process.env.NODE_ENV = isDevelopment ? 'development' : 'production'
  process.env.NEXT_TELEMETRY_DISABLED = '1'
  if (!existsSync(path.join(root, 'server/db/generated/client.ts'))) await import('./generate.mjs')
  if (!isDevelopment) {
    const { build, isBuilt } = await import('./build.mjs')
    if (!isBuilt()) {
      console.log('Building the pages: a minute or two, and only after a change ...')
      const startedAt = performance.now()
      if (!(await build({ isQuiet: true }))) {
        console.error('The pages could not be built; what next said is above.')
        process.exit(1)
      }
      console.log(`Built in ${Math.round((performance.now() - startedAt) / 1000)} s.`)
    }
  }
}
await runOnNode24(findNode() === process.execPath ? 'server/main.ts' : 'bin/start.mjs')
