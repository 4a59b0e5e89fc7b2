/**
 * The promises of the event log, in a short run of `npm run chaos`: two servers, two daemons, real agents and a real
 * database, some of them killed and some lines cut while people work. Longer runs, and the broken variants that the
 * check must notice, are by command; what it notices is also in `chaos/check.test.ts`.
 */
import { execFile } from 'node:child_process'
import { expect, test } from '@playwright/test'
import { root } from '#e2e/world/server.ts'

test('nothing is lost, doubled or left working while parts of the world are killed', async () => {
  test.setTimeout(180_000)
  const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) => {
    const program = ['--import', './e2e/chaos/preload.ts', 'e2e/chaos/main.ts', '--short', '--seed', '7']
    execFile(process.execPath, program, { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, said: stdout + stderr }),
    )
  })
  expect(code, said).toBe(0)
})
