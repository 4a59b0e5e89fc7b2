import type { ComponentProps } from 'react'
import { Input } from '#components/ui/input.tsx'

/** Hidden from onlookers and from password managers, which would offer a login instead. */
export function SecretInput({
  onText,
  ...field
}: Omit<ComponentProps<typeof Input>, 'onChange' | 'type'> & { onText: (text: string) => void }) {
  return (
    <Input
      {...field}
      type="password"
      autoComplete="off"
      data-1p-ignore
      data-lpignore="true"
      spellCheck={false}
      onChange={(event) => onText(event.target.value)}
      className="font-mono text-sm"
    />
  )
}
