import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { joinNode, runNode } from '#bin/commands/node.ts'
import { setUpFromTerminal } from '#bin/commands/setup.ts'

const home = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
vi.stubEnv('GATEHOUSE_HOME', home)
afterAll(() => rmSync(home, { recursive: true }))

it.each([
  [['--email', 'ada@example.org'], '--password is missing.'],
  [['--email', 'ada@example.org', '--password', 'correct horse', '--team', ' '], '--team is missing.'],
  [['--email', 'ada', '--password', 'short', '--team', 'Team'], /^--email: .*\. --password: .*\.$/],
  [['--mail', 'ada'], "Unknown option '--mail'"],
  [['ada'], /^Unexpected argument 'ada'/],
])('setup %j', async (args, sentence) => {
  await expect(setUpFromTerminal(args)).rejects.toThrow(sentence)
})

it.each([
  [['--token', 'x'], '--url is missing.'],
  [['--url', 'nowhere', '--token', 'x'], '--url must be an address such as https://gatehouse.example.org.'],
  [['--url', 'http://127.0.0.1:1', '--token', 'x'], 'http://127.0.0.1:1 cannot be reached'],
])('node join %j', async (args, sentence) => {
  await expect(joinNode(args)).rejects.toThrow(sentence)
})

it('node run needs a node that has joined', async () => {
  await expect(runNode([])).rejects.toThrow('This machine has not joined')
})
