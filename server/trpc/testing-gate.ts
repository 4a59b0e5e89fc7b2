/** Reads which scope each procedure of a router proves; `gate.test.ts` asks it of the whole API. */
import type { AnyRouter } from '@trpc/server'
import type { ProcedureMeta } from '#server/trpc/base.ts'

export type GatedProcedure = { path: string; kind: 'query' | 'mutation' | 'subscription'; meta: ProcedureMeta | null }

export function proceduresOf(router: AnyRouter): GatedProcedure[] {
  const procedures = router._def.procedures as Record<string, { _def: { type: GatedProcedure['kind']; meta?: ProcedureMeta } }>
  return Object.entries(procedures).map(([path, { _def }]) => ({ path, kind: _def.type, meta: _def.meta?.scope ? _def.meta : null }))
}
