import type { Hit } from '#components/search/search.model.ts'

/** A line of what was found, with what was looked for marked. Text alone: whatever an agent wrote stays letters. */
export const Snippet = ({ pieces }: { pieces: Hit['snippet'] }) =>
  pieces.map((piece, at) =>
    piece.isHit ? (
      <mark key={at} className="rounded-xs bg-warn-wash text-inherit">
        {piece.text}
      </mark>
    ) : (
      piece.text
    ),
  )
