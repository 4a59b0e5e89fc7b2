'use client'

import type { ComponentProps } from 'react'
import { classNames } from '#components/ui/class-names.ts'

export const fieldLook = [
  'w-full rounded-md border border-line-strong bg-raised px-3 text-base text-ink transition-[border-color] duration-100',
  'hover:border-ink-quiet focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0',
  'aria-invalid:border-bad disabled:bg-sunken disabled:text-ink-quiet',
].join(' ')

/** A line of text. Put it in a `Field`, which gives it its label, hint and error. */
export function Input({ className, type = 'text', ...rest }: ComponentProps<'input'>) {
  return <input {...rest} type={type} className={classNames(fieldLook, 'h-9 touch:h-11', className)} />
}

/** Several lines of text; grows with what is typed where the browser can. */
export function Textarea({ className, rows = 3, ...rest }: ComponentProps<'textarea'>) {
  return (
    <textarea
      {...rest}
      rows={rows}
      className={classNames(fieldLook, 'thin-scroll field-sizing-content max-h-96 min-h-20 py-2', className)}
    />
  )
}
