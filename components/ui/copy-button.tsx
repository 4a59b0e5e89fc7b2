'use client'

import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'

/** Copies `text`; says "Copied" for a moment, also to a screen reader. */
export function CopyButton({
  text,
  label = 'Copy',
  look = 'icon',
  className,
}: {
  text: string
  label?: string
  look?: 'icon' | 'button'
  className?: string
}) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')

  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 1_600)
    return () => clearTimeout(timer)
  }, [state])

  const copy = () =>
    void copyText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    )
  const words = { idle: label, copied: 'Copied', failed: 'Could not copy' }[state]
  const icon = state === 'copied' ? <Check aria-hidden /> : <Copy aria-hidden />
  return (
    <>
      {look === 'icon' ? (
        <IconButton label={words} size="sm" onClick={copy} className={className}>
          {icon}
        </IconButton>
      ) : (
        <Button icon={icon} onClick={copy} className={className}>
          {words}
        </Button>
      )}
      <output className="sr-only">{state === 'idle' ? '' : words}</output>
    </>
  )
}

/** The clipboard API exists on https and localhost only; a self-hosted plain-http page needs the old way. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  area.style.position = 'fixed'
  document.body.append(area)
  area.select()
  const isCopied = document.execCommand('copy')
  area.remove()
  if (!isCopied) throw new Error('copy refused')
}
