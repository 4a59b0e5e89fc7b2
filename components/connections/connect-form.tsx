'use client'

import { type FormEvent, useId, useState } from 'react'
import type { Scope } from '#core/connections/connection.ts'
import { ConnectFailure, isRefusal } from '#components/connections/connect-failure.tsx'
import type { FormProps } from '#components/connections/connect-dialog.tsx'
import { checkerOf, emptyFields, isComplete } from '#components/connections/connect-form.model.ts'
import { ConnectFieldset } from '#components/connections/connect-fieldset.tsx'
import { lanesOf, likelyScope, maskOf } from '#components/connections/lanes.model.ts'
import { overrideLabel } from '#components/connections/mending.model.ts'
import { openChatsWords } from '#components/connections/scope-words.ts'
import { ScopeChoice } from '#components/connections/scope-choice.tsx'
import { SignInDialog } from '#components/connections/sign-in-dialog.tsx'
import { ANOTHER, reusableIn, SourceChoice } from '#components/connections/source-choice.tsx'
import { useConnect } from '#components/connections/use-connect.ts'
import { useRights } from '#components/connections/use-rights.ts'
import { Button } from '#components/ui/button.tsx'
import { Dialog } from '#components/ui/dialog.tsx'
import { Notice } from '#components/ui/notice.tsx'

/** From nothing to a stored credential, for a harness that is known. */
export function ConnectForm({ harness, projectId, scope: wishedScope, replaces, onClose, row, onLogin }: FormProps) {
  const formId = useId()
  const rights = useRights(projectId)
  const lanes = lanesOf(row, { isInProject: projectId !== undefined, rights })
  const changeable = lanes.filter((each) => each.mayChange)
  const [fields, setFields] = useState(() => emptyFields(row.accepts, replaces))
  const [chosenScope, setScope] = useState<Scope | null>(wishedScope ?? null)
  const scope = chosenScope ?? likelyScope(lanes)
  const reusable = scope === 'project' && !replaces ? reusableIn(row) : []
  const [chosenSource, setSource] = useState<string | null>(null)
  const source = reusable.find((each) => each.credential.credentialId === chosenSource)?.credential ?? null
  const [isSigningIn, setSigningIn] = useState(false)
  const connect = useConnect({ row, projectId, onClose, onLogin })

  const isReady = scope !== null && (source !== null || isComplete(fields))
  const save = (onRefused: 'keep' | 'reject') => {
    if (!isReady || connect.isPending) return
    if (source) connect.reuse(source.credentialId)
    else connect.store({ fields, scope, onRefused })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save('reject')
  }
  const isRefused = connect.error !== null && isRefusal(connect.error)
  const checker = source ? null : checkerOf(fields, row.accepts)
  const isOverride = scope === 'project' && lanes.some((each) => each.scope !== 'project' && each.attachment)
  const openWords = openChatsWords(scope, source?.kind ?? fields.kind)
  const act = replaces ? 'Replace' : isOverride ? 'Override' : 'Connect'

  if (isSigningIn && scope) {
    const back = () => setSigningIn(false)
    return (
      <SignInDialog
        harness={harness}
        harnessName={row.name}
        scope={scope}
        projectId={scope === 'project' ? projectId : undefined}
        onClose={back}
        onConnected={onLogin}
      />
    )
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="md"
      title={titleOf({ name: row.name, isReplacing: replaces !== undefined, isOverride: isOverride && wishedScope === 'project' })}
      description={
        replaces ? (
          <>
            {replaces.credential.name} <span className="font-mono text-sm">{maskOf(replaces.credential)}</span> is withdrawn once the new
            one is stored.
          </>
        ) : (
          'It is encrypted before it is stored, and never shown again.'
        )
      }
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {isRefused ? (
            <Button isBusy={connect.isPending} onClick={() => save('keep')}>
              Save anyway
            </Button>
          ) : null}
          <Button type="submit" form={formId} variant="primary" isBusy={connect.isPending} isDisabled={!isReady}>
            {connect.isPending && checker ? `Checking with ${checker}…` : isRefused ? 'Try again' : act}
          </Button>
        </>
      }
    >
      {changeable.length === 0 ? (
        <Notice tone="warn">Your role does not let you connect anything here. A team admin can change it.</Notice>
      ) : (
        <form id={formId} onSubmit={submit} className="flex flex-col gap-5 pb-2">
          {reusable.length > 0 ? <SourceChoice reusable={reusable} value={source?.credentialId ?? ANOTHER} onChange={setSource} /> : null}
          {source ? null : (
            <ConnectFieldset
              accepts={row.accepts}
              harnessName={row.name}
              fields={fields}
              onChange={(change) => {
                connect.reset()
                setFields((before) => ({ ...before, ...change }))
              }}
              onSignIn={() => setSigningIn(true)}
            />
          )}
          {replaces || wishedScope === 'project' || changeable.length < 2 ? null : (
            <ScopeChoice lanes={changeable} value={scope ?? 'user'} onChange={setScope} />
          )}
          {openWords ? <Notice>{openWords}</Notice> : null}
          {connect.error ? <ConnectFailure error={connect.error} /> : null}
        </form>
      )}
    </Dialog>
  )
}

function titleOf({ name, isReplacing, isOverride }: { name: string; isReplacing: boolean; isOverride: boolean }): string {
  if (isReplacing) return `Replace the credential of ${name}`
  return isOverride ? `${overrideLabel('project')}: ${name}` : `Connect ${name}`
}
