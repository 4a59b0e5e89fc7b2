import { hueOf, initialsOf } from '#components/ui/avatar.model.ts'
import { classNames } from '#components/ui/class-names.ts'

const sizes = { xs: 'size-5 text-[0.5625rem]', sm: 'size-6 text-2xs', md: 'size-8 text-xs', lg: 'size-10 text-sm' } as const

/** A person as initials on a stable colour. `colourKey` (an id) keeps the colour when the name changes. */
export function Avatar({
  name,
  colourKey,
  size = 'md',
  isDecorative = false,
  className,
}: {
  name: string
  colourKey?: string
  size?: keyof typeof sizes
  isDecorative?: boolean
  className?: string
}) {
  const hue = hueOf(colourKey ?? name)
  return (
    <span
      role={isDecorative ? undefined : 'img'}
      aria-label={isDecorative ? undefined : name}
      aria-hidden={isDecorative || undefined}
      title={isDecorative ? undefined : name}
      className={classNames(
        'avatar inline-flex shrink-0 select-none items-center justify-center rounded-full font-semibold tracking-tight',
        sizes[size],
        className,
      )}
      style={{ '--hue': hue } as React.CSSProperties}
    >
      {initialsOf(name)}
    </span>
  )
}

/** People side by side, overlapping; beyond `max` a count. */
export function AvatarRow({
  people,
  max = 4,
  size = 'sm',
}: {
  people: readonly { userId: string; name: string }[]
  max?: number
  size?: keyof typeof sizes
}) {
  const rest = people.length - max
  return (
    <span className="inline-flex items-center -space-x-0.5">
      {people.slice(0, max).map((each) => (
        <Avatar key={each.userId} name={each.name} colourKey={each.userId} size={size} className="ring-2 ring-paper" />
      ))}
      {rest > 0 ? <span className="figures pl-3 text-xs text-ink-quiet">+{rest}</span> : null}
    </span>
  )
}
