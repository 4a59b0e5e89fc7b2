import { type ClassValue, clsx } from 'clsx'
import { extendTailwindMerge } from 'tailwind-merge'

const merge = extendTailwindMerge({
  extend: { theme: { text: ['2xs', 'xs', 'sm', 'base', 'md', 'lg', 'xl', '2xl', '3xl'], radius: ['xs', 'sm', 'md', 'lg', 'xl'] } },
})

/** Joins class names; where two set the same property, the later one wins. */
export const classNames = (...values: ClassValue[]): string => merge(clsx(values))
