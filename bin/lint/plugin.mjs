/**
 * The house's own lint rules, loaded by oxlint (`.oxlintrc.json`).
 * `directions` asks `directions.mjs` about every import; `pure-core` keeps clock,
 * randomness, environment and I/O out of `core/`.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { whyForbidden } from './directions.mjs'

const ownRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

/** Where an import leads, from the repository's root, or `npm:<name>`. */
function targetOf({ specifier, file }) {
  if (specifier.startsWith('#')) return specifier.slice(1)
  if (specifier.startsWith('.')) return path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier))
  return `npm:${specifier}`
}

const directions = {
  create(context) {
    const file = path
      .relative(context.cwd ?? ownRoot, context.filename)
      .split(path.sep)
      .join('/')
    const check = (node, source, isTypeOnly) => {
      if (typeof source?.value !== 'string') return
      const message = whyForbidden({ from: file, to: targetOf({ specifier: source.value, file }), isTypeOnly })
      if (message) context.report({ node, message })
    }
    const onlyTypes = (node) =>
      node.importKind === 'type' ||
      node.exportKind === 'type' ||
      (node.specifiers?.length > 0 && node.specifiers.every((each) => each.importKind === 'type' || each.exportKind === 'type'))
    return {
      ImportDeclaration: (node) => check(node, node.source, onlyTypes(node)),
      ExportNamedDeclaration: (node) => check(node, node.source, onlyTypes(node)),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.source ?? node.argument?.literal ?? node.argument, true),
    }
  },
}

const impureNames = new Set([
  'process',
  'fetch',
  'crypto',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance',
  'window',
  'document',
  'localStorage',
  'globalThis',
  'Buffer',
])

const pureCore = {
  create(context) {
    const report = (node, what) =>
      context.report({ node, message: `core is pure: take ${what} as an argument instead of reading it here.` })
    return {
      MemberExpression(node) {
        if (node.object.type !== 'Identifier') return
        const name = node.object.name
        if (name === 'Math' && node.property.name === 'random') report(node, 'randomness')
        else if (name === 'Date' && node.property.name === 'now') report(node, 'the time')
        else if (impureNames.has(name)) report(node, `what ${name} gives`)
      },
      NewExpression(node) {
        if (node.callee.name === 'Date' && node.arguments.length === 0) report(node, 'the time')
      },
      CallExpression(node) {
        if (node.callee.type === 'Identifier' && impureNames.has(node.callee.name)) report(node, `what ${node.callee.name} does`)
      },
    }
  },
}

export default { meta: { name: 'gatehouse' }, rules: { directions, 'pure-core': pureCore } }
