'use client'

import { FileKey, FileUp, X } from 'lucide-react'
import { type DragEvent, type ReactNode, useRef, useState } from 'react'
import { FILE_MAX_BYTES } from '#components/connections/connect-form.model.ts'
import { Button } from '#components/ui/button.tsx'
import { classNames } from '#components/ui/class-names.ts'
import { Field } from '#components/ui/field.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Textarea } from '#components/ui/input.tsx'

type Contents = { file: string; fileName: string | null }

/** A small text file, by choosing, dropping or pasting. It is read here and sent only when the form is. */
export function FileDrop({ file, fileName, hint, onChange }: Contents & { hint: ReactNode; onChange: (contents: Contents) => void }) {
  const picker = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const take = async (chosen: File | undefined) => {
    if (!chosen) return
    const isTooLarge = chosen.size > FILE_MAX_BYTES
    setProblem(isTooLarge ? `${chosen.name} is larger than 256 KiB, so it is no login file.` : null)
    if (!isTooLarge) onChange({ file: await chosen.text(), fileName: chosen.name })
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    setOver(false)
    void take(event.dataTransfer.files[0])
  }
  return (
    <div
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={classNames(
        'flex flex-col gap-2.5 rounded-lg border border-dashed p-3 transition-colors',
        isOver ? 'border-accent bg-accent-wash' : 'border-line-strong/60',
      )}
    >
      {fileName === null ? (
        <Field label="Login file" hint={hint} error={problem}>
          <Textarea
            name="contents"
            rows={3}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            placeholder="Drop it here, or paste what it holds"
            value={file}
            onChange={(event) => onChange({ file: event.target.value, fileName: null })}
            className="font-mono text-xs"
          />
        </Field>
      ) : (
        <p role="status" className="flex min-h-11 items-center gap-2.5">
          <FileKey aria-hidden className="size-5 shrink-0 text-accent-ink" />
          <span className="min-w-0 flex-1 truncate font-medium">{fileName}</span>
          <span className="figures text-sm text-ink-quiet">{sizeOf(file)}</span>
          <IconButton label={`Take ${fileName} out`} size="sm" onClick={() => onChange({ file: '', fileName: null })}>
            <X aria-hidden />
          </IconButton>
        </p>
      )}
      <input
        ref={picker}
        type="file"
        hidden
        accept=".json,application/json"
        aria-label="Choose the login file"
        onChange={(event) => {
          void take(event.target.files?.[0])
          // The same file may be chosen again after it was changed.
          event.target.value = ''
        }}
      />
      <Button size="sm" className="self-start" icon={<FileUp aria-hidden />} onClick={() => picker.current?.click()}>
        {fileName === null ? 'Choose a file' : 'Choose another'}
      </Button>
    </div>
  )
}

const sizeOf = (text: string) => `${Math.max(1, Math.round(new Blob([text]).size / 102.4) / 10)} KB`
