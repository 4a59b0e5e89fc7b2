/** Before the first test: the pages are built, once for all worlds. `npm test` has done so already. */
import { build, isBuilt } from '../../bin/build.mjs'

export default async function ensurePages(): Promise<void> {
  if (isBuilt()) return
  console.log('Building the pages …')
  if (!(await build({ isQuiet: true }))) throw new Error('The pages could not be built.')
}
