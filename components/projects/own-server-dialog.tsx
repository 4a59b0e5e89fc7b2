'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import { OWN_HEADERS_MAX, OwnServerHeader, OwnServerName } from '#core/mcp/own-server.ts'
import { SecretInput } from '#components/connections/secret-input.tsx'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useTRPC } from '#components/trpc/trpc.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Field } from '#components/ui/field.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'
import { Input } from '#components/ui/input.tsx'

/** Adds an MCP server; what a look at it finds stands in the list afterwards. */
export function OwnServerDialog({ projectId, onClose }: { projectId: string; onClose: () => void }) {
  const trpc = useTRPC()
  const queryClient = useQueryClient()
  const formId = useId()
  const [name, setName] = useState('')
  const [url, setUrl] = useState('')
  const [headers, setHeaders] = useState<readonly { name: string; value: string }[]>([{ name: 'Authorization', value: '' }])
  const add = useMutation({
    ...trpc.mcpServers.add.mutationOptions(),
    onSuccess: async () => {
      await queryClient.invalidateQueries(trpc.mcpServers.list.queryFilter({ projectId }))
      onClose()
    },
  })
  const filled = headers.filter((header) => header.value.trim() !== '')
  const why = (result: { success: boolean; error?: { issues: { message: string }[] } }) =>
    result.success ? null : result.error!.issues[0]!.message
  const nameProblem = name === '' ? null : why(OwnServerName.safeParse(name))
  const isReady =
    name !== '' && nameProblem === null && url.trim() !== '' && filled.every((header) => OwnServerHeader.safeParse(header).success)
  const change = (at: number, fields: Partial<OwnServerHeader>) =>
    setHeaders(headers.map((header, each) => (each === at ? { ...header, ...fields } : header)))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (isReady) add.mutate({ projectId, name: name.trim(), url: url.trim(), headers: filled })
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="md"
      title="Add an MCP server"
      description="Over Streamable HTTP, at an https address of the public internet."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} variant="primary" isBusy={add.isPending} isDisabled={!isReady}>
            Add
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} className="flex flex-col gap-4 pb-2">
        <Field label="Name" hint="Agents see it before the names of its tools: docs, issues." error={nameProblem}>
          <Input
            required
            autoFocus
            maxLength={30}
            spellCheck={false}
            autoCapitalize="off"
            value={name}
            onChange={(event) => setName(event.target.value)}
            className="font-mono text-sm"
          />
        </Field>
        <Field label="Address">
          <Input
            required
            type="url"
            maxLength={2_000}
            placeholder="https://mcp.example.org/mcp"
            spellCheck={false}
            value={url}
            onChange={(event) => setUrl(event.target.value)}
            className="font-mono text-sm"
          />
        </Field>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1.5 flex items-baseline gap-1.5 text-sm font-medium">
            Headers that open it <span className="text-xs font-normal text-ink-quiet">optional</span>
          </legend>
          {headers.map((header, at) => (
            <div key={at} className="flex items-center gap-2">
              <Input
                aria-label={`Name of header ${at + 1}`}
                spellCheck={false}
                value={header.name}
                onChange={(event) => change(at, { name: event.target.value })}
                className="w-36 shrink-0 font-mono text-sm sm:w-44"
              />
              <SecretInput
                aria-label={`Value of header ${at + 1}`}
                placeholder={header.name.toLowerCase() === 'authorization' ? 'Bearer …' : undefined}
                value={header.value}
                onText={(value) => change(at, { value })}
              />
              <IconButton label={`Remove header ${at + 1}`} onClick={() => setHeaders(headers.filter((_, each) => each !== at))}>
                <X aria-hidden />
              </IconButton>
            </div>
          ))}
          <div>
            <Button
              size="sm"
              variant="quiet"
              icon={<Plus aria-hidden />}
              isDisabled={headers.length >= OWN_HEADERS_MAX}
              onClick={() => setHeaders([...headers, { name: '', value: '' }])}
            >
              Another header
            </Button>
          </div>
          <p className="text-sm text-ink-quiet">They are sealed and never shown again.</p>
        </fieldset>
        {add.error ? <FailureNotice error={add.error} /> : null}
      </form>
    </Dialog>
  )
}
