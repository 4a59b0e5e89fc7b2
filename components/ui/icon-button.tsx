'use client'

import type { ComponentProps, ReactNode } from 'react'
import { classNames } from '#components/ui/class-names.ts'
import { Tooltip } from '#components/ui/tooltip.tsx'

const looks = {
  quiet: 'text-ink-quiet hover:bg-hover hover:text-ink',
  secondary: 'border border-line-strong/60 bg-raised text-ink-soft hover:bg-hover hover:text-ink',
  primary: 'bg-accent text-on-accent hover:bg-accent-strong',
  danger: 'text-bad-ink hover:bg-bad-wash',
} as const

const sizes = { sm: 'size-7 [&_svg]:size-3.5', md: 'size-9 [&_svg]:size-4', lg: 'size-11 [&_svg]:size-5' } as const

export type IconButtonProps = Omit<ComponentProps<'button'>, 'disabled' | 'aria-label'> & {
  /** What it does, in words: read aloud, and shown as the tooltip. */
  label: string
  variant?: keyof typeof looks
  size?: keyof typeof sizes
  isDisabled?: boolean
  tooltipSide?: 'top' | 'bottom' | 'left' | 'right'
  children: ReactNode
}

/** A button that shows an icon alone. */
export function IconButton({
  label,
  variant = 'quiet',
  size = 'md',
  isDisabled,
  tooltipSide,
  className,
  type = 'button',
  children,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip content={label} side={tooltipSide}>
      <button
        {...rest}
        type={type}
        aria-label={label}
        disabled={isDisabled}
        className={classNames(
          'touch-target inline-flex shrink-0 items-center justify-center rounded-md transition-colors duration-100 disabled:opacity-50',
          looks[variant],
          sizes[size],
          className,
        )}
      >
        {children}
      </button>
    </Tooltip>
  )
}
