/**
 * A gate that cannot fail guards nothing: a small copy of the house holds one
 * forbidden file per rule, and the gate must name each of them.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const house = mkdtempSync(path.join(tmpdir(), 'gatehouse-gates-'))

beforeAll(() => {
  for (const each of ['.gitignore', '.oxlintrc.json', '.oxfmtrc.json', 'tsconfig.json', 'package.json', 'bin/lint']) {
    cpSync(path.join(root, each), path.join(house, each), { recursive: true })
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(house, 'node_modules'))
})

afterAll(() => rmSync(house, { recursive: true, force: true }))

function write(files: Record<string, string>) {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(house, file)), { recursive: true })
    writeFileSync(path.join(house, file), text)
  }
}

/** What a tool printed and how it ended, run inside the copy. */
function run(tool: string, ...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(path.join(root, 'node_modules/.bin', tool), args, { cwd: house }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr })
    })
  })
}

const allowed = {
  'core/word.ts': `import { z } from 'zod'\nexport const word = z.string()\n`,
  'server/projects/store.ts': `import type { B } from '#server/db/generated/client.ts'\nexport const row: B = 1\n`,
  'server/projects/service.ts': `import { row } from '#server/projects/store.ts'\nexport const name = row\n`,
  'server/chats/service.ts': `import { name } from '#server/projects/service.ts'\nexport const title = name\n`,
  'server/trpc/root.ts': `import { title } from '#server/chats/service.ts'\nexport const root = title\nexport type Root = typeof root\n`,
  'server/db/generated/client.ts': 'export type B = 1\n',
  'components/row.ts': `import type { Root } from '#server/trpc/root.ts'\nexport type Row = Root\n`,
}

/** file → its text, and what the gate must say of it. */
const forbidden: Record<string, { text: string; says: string }> = {
  'core/reaches-out.ts': {
    text: `import { name } from '#server/projects/service.ts'\nexport const a = name\n`,
    says: 'core is pure and imports only core and zod',
  },
  'core/reads-clock.ts': { text: 'export const a = () => Date.now()\n', says: 'take the time as an argument' },
  'core/takes-package.ts': { text: `import { readFileSync } from 'node:fs'\nexport const a = readFileSync\n`, says: 'core is pure' },
  'components/runs-server.ts': {
    text: `import { root } from '#server/trpc/root.ts'\nexport const a = root\n`,
    says: 'components may take only types',
  },
  'server/chats/knows-screen.ts': { text: `export type { Row } from '#components/row.ts'\n`, says: 'server never imports components' },
  'agent/knows-server.ts': { text: `export { name } from '../server/projects/service.ts'\n`, says: 'agent never imports server' },
  'app/knows-service.ts': { text: `export { name } from '#server/projects/service.ts'\n`, says: 'only through server/trpc/page-caller.ts' },
  'server/chats/opens-store.ts': { text: `export { row } from '#server/projects/store.ts'\n`, says: 'only through its service.ts' },
  'server/chats/opens-store-later.ts': {
    text: `export const a = () => import('#server/projects/store.ts')\n`,
    says: 'only through its service.ts',
  },
  'server/projects/router.ts': { text: `export { row } from '#server/projects/store.ts'\n`, says: 'A router calls its own service' },
  'server/chats/uses-prisma.ts': { text: `export type { B } from '#server/db/generated/client.ts'\n`, says: 'only in stores' },
  'server/chats/one.ts': {
    text: `import { b } from '#server/chats/two.ts'\nexport const a = (): number => b()\n`,
    says: 'Dependency cycle',
  },
  'server/chats/two.ts': {
    text: `import { a } from '#server/chats/one.ts'\nexport const b = (): number => a()\n`,
    says: 'Dependency cycle',
  },
  'server/chats/drops-promise.ts': {
    text: 'const work = async () => 1\nexport function a() {\n  work()\n}\n',
    says: 'Promises must be awaited',
  },
}

describe('lint', () => {
  let found: { filename: string; message: string }[]
  beforeAll(async () => {
    write(allowed)
    write(Object.fromEntries(Object.entries(forbidden).map(([file, { text }]) => [file, text])))
    const { stdout } = await run('oxlint', '--format=json')
    found = JSON.parse(stdout).diagnostics
  }, 30_000)

  it('ends with a failure', async () => {
    expect(await run('oxlint')).toMatchObject({ code: 1 })
  })

  it.each(Object.entries(forbidden))('refuses %s', (file, { says }) => {
    expect(found.filter((each) => each.filename === file).map((each) => each.message)).toEqual([expect.stringContaining(says)])
  })

  it.each(Object.keys(allowed))('lets %s pass', (file) => {
    expect(found.filter((each) => each.filename === file)).toEqual([])
  })
})

it('format refuses another style', async () => {
  write({ 'core/double.ts': 'export const a = "double";\n' })
  expect(await run('oxfmt', '--list-different', 'core')).toMatchObject({ code: 1, stdout: expect.stringContaining('core/double.ts') })
})

it('check-lock refuses a lockfile without a platform that a package names', async () => {
  const tool = { version: '1.0.0', integrity: 'sha512-x', optionalDependencies: { 'tool-darwin-arm64': '1.0.0' } }
  write({ 'lock.json': JSON.stringify({ packages: { '': { dependencies: { tool: '1.0.0' } }, 'node_modules/tool': tool } }) })
  expect(await run('node', path.join(root, 'bin/check-lock.mjs'), 'lock.json')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('node_modules/tool needs tool-darwin-arm64'),
  })
})

it('check-lock passes the lockfile of the house', async () => {
  expect(await run('node', path.join(root, 'bin/check-lock.mjs'), path.join(root, 'package-lock.json'))).toMatchObject({ code: 0 })
})
