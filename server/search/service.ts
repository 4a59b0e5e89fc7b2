/** Finds what was said in chats. From: `router.ts`. What can be found is kept by `indexer.ts`. */
import { askedOf, snippetOf, tsqueryOf, type Piece } from '#core/search/words.ts'
import { enterProject, type TeamScope } from '#server/access/scope.ts'
import { findHits, type Found } from '#server/search/store.ts'

export type Hit = Omit<Found, 'text' | 'at'> & { at: string; snippet: Piece[] }

/** @throws project.missing for a project that is not the team's */
export async function search(
  scope: TeamScope,
  { query, projectId, limit, offset }: { query: string; projectId?: string | undefined; limit: number; offset: number },
): Promise<{ hits: Hit[]; nextOffset: number | null }> {
  if (projectId !== undefined) await enterProject(scope, { act: 'read', projectId })
  const asked = askedOf(query)
  const tsquery = tsqueryOf(asked)
  if (tsquery === null) return { hits: [], nextOffset: null }
  const found = await findHits(scope, { tsquery, projectId: projectId ?? null, limit: limit + 1, offset })
  return {
    hits: found.slice(0, limit).map(({ text, at, ...hit }) => ({ ...hit, at: at.toISOString(), snippet: snippetOf(text, asked) })),
    nextOffset: found.length > limit ? offset + limit : null,
  }
}
