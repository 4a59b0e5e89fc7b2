/**
 * Who may import whom: the directions of the house, as data and one function.
 * Pure, so that the test beside it can ask about imports that nobody wrote.
 * Read by `plugin.mjs`, which oxlint loads.
 */

/** Files of a noun that other nouns may import besides its `service.ts`: each offers something, and hides the noun's store. */
const doors = {
  access: ['scope.ts', 'roles.ts'],
  // Their service is for people; these are for what spends: before a request is sent, and in the transaction that closes it.
  budgets: ['spending.ts', 'booking.ts'],
  // `reading.ts`, `questions.ts`: a chat as text for agents that read one, and what they ask of its people.
  chats: ['append.ts', 'each-chat.ts', 'events.ts', 'questions.ts', 'reading.ts'],
  // `offer.ts`: what there is to connect. `rights.ts`: who may attach where, asked by all that attach. `rows.ts`: for the
  // primitives, which are the same rows.
  // `keys.ts`: with which keys a provider may be asked what it serves.
  connections: ['vault.ts', 'resolver.ts', 'keys.ts', 'offer.ts', 'rights.ts', 'rows.ts'],
  logins: ['handler.ts'],
  mcp: ['token.ts'],
  // `rules.ts`: what people say about models, for whoever asks the catalog.
  models: ['rules.ts'],
  proxy: ['handler.ts', 'token.ts', 'upstream-guard.ts', 'guarded-get.ts'],
  realtime: ['bus.ts', 'hints.ts'],
  // Its service is for people; this is what a node may say.
  'sign-ins': ['node-side.ts'],
  trpc: ['base.ts'],
  // Written with the end of a turn, by the log's own writer; the service appends to that log and cannot be asked from there.
  usage: ['login-turns.ts'],
}
/** Ground that every noun stands on. */
const ground = ['db', 'access']
/** Where the nouns are put together: these may name any router, handler or worker. */
const assembly = ['server/main.ts', 'server/run.ts', 'server/http.ts', 'server/sockets.ts', 'server/trpc/app-router.ts']

const isTest = (file) => /\.test\.tsx?$|\.db\.test\.ts$|\/testing(-[a-z-]+)?\.ts$|^e2e\//.test(file)
const zoneOf = (file) => file.split('/')[0]
const nounOf = (file) => (file.split('/').length > 2 ? file.split('/')[1] : null)

/**
 * @param {{ from: string, to: string, isTypeOnly: boolean }} edge paths from the repository's root; `to` may be a package name with `npm:` before it
 * @returns {string | null} what is wrong and how to mend it, or null
 */
export function whyForbidden({ from, to, isTypeOnly }) {
  const zone = zoneOf(from)
  if (to.startsWith('npm:')) return whyForbiddenPackage({ zone, from, name: to.slice('npm:'.length) })
  const target = zoneOf(to)
  if (target === 'core' || zone === 'e2e' || to === 'package.json') return null
  if (zone === 'core')
    return `core is pure and imports only core and zod. Move what you need from ${to} into core, or take it as an argument.`
  if (target === 'e2e' && (zone === 'bin' || isTest(from))) return null
  if (target === 'e2e') return 'Only e2e, tests, and the demo in bin may import e2e. Move what both need to where the product keeps it.'
  if (zone === 'components' && target !== 'components') return whyForbiddenInComponents({ to, isTypeOnly })
  if (zone === 'app' && target === 'server' && to !== 'server/trpc/page-caller.ts' && !(isTypeOnly && to.startsWith('server/trpc/'))) {
    return 'A page reaches the server only through server/trpc/page-caller.ts: bundled pages load a second copy of every module.'
  }
  if (zone === 'app' && target === 'agent') return 'app never imports agent. What both know belongs in core.'
  if (zone === 'agent' && target !== 'agent')
    return `agent never imports ${target}: the daemon may run on another machine. What both know belongs in core/links.`
  if (zone === 'server' && target !== 'server' && target !== 'bin') return `server never imports ${target}. What both know belongs in core.`
  if (to.startsWith('server/db/generated/') && !mayUsePrisma(from)) {
    return 'Generated Prisma code is used only in stores (store.ts, *-store.ts) and server/db. Ask the store for a plain object instead.'
  }
  if (zone === 'server' && target === 'server') return whyForbiddenBetweenNouns({ from, to, isTypeOnly })
  return null
}

function whyForbiddenPackage({ zone, from, name }) {
  if (zone === 'core' && name !== 'zod' && !isTest(from))
    return 'core is pure and imports only core and zod. Take the result as an argument, or move this file out of core.'
  if (zone === 'components' && /^(node:|pg$|pino$|undici$|@prisma\/)/.test(name))
    return 'components run in the browser. Ask the server through tRPC instead.'
  if (name === '@prisma/client' && !mayUsePrisma(from))
    return 'Prisma is used only in stores (store.ts, *-store.ts) and server/db. Ask the store instead.'
  return null
}

function whyForbiddenInComponents({ to, isTypeOnly }) {
  if (to.startsWith('server/trpc/') && isTypeOnly) return null
  if (to.startsWith('server/trpc/')) return 'components may take only types from server/trpc: write `import type`.'
  return `components import core, components and types of server/trpc. ${to} must come in as a property or through tRPC.`
}

function whyForbiddenBetweenNouns({ from, to, isTypeOnly }) {
  const own = nounOf(from)
  const other = nounOf(to)
  const name = to.split('/').pop()
  const isRouter = /(^|-)router\.ts$/.test(from.split('/').pop())
  if (isRouter && own === other && /(^|-)store\.ts$/.test(name))
    return 'A router calls its own service, never a store. Move the query into the service.'
  if (own === other || other === null || isTest(from) || assembly.includes(from)) return null
  if (ground.includes(other) && !/(^|-)store\.ts$/.test(name)) return null
  if (name === 'service.ts' || doors[other]?.includes(name)) return null
  if (isTypeOnly && other === 'trpc') return null
  return `server/${own ?? ''} may reach server/${other} only through its service.ts or a file listed in bin/lint/directions.mjs, not through ${name}.`
}

const mayUsePrisma = (file) =>
  file.startsWith('server/db/') || /(^|-)store\.ts$/.test(file.split('/').pop()) || isTest(file) || file.startsWith('bin/')
