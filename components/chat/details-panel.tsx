'use client'

import Link from 'next/link'
import type { ReactNode } from 'react'
import type { ChatView } from '#core/chat/view.ts'
import { payerWords } from '#components/chat/payer.model.ts'
import { AbilityList } from '#components/harnesses/ability-list.tsx'
import type { Outputs } from '#components/trpc/trpc.ts'
import { Status } from '#components/ui/badge.tsx'
import { Code } from '#components/ui/code.tsx'
import { CopyButton } from '#components/ui/copy-button.tsx'
import { RelativeTime } from '#components/ui/relative-time.tsx'

type Live = Extract<ChatView['run'], { is: 'live' }>

const isolation = {
  'uid-and-namespaces': 'Own system user, own namespaces',
  namespaces: 'Own namespaces, the node’s user',
  none: 'Not isolated: it can reach what the node can reach',
} as const satisfies Record<Live['sandbox'], string>

const beginnings = { new: 'Started fresh', resumed: 'Resumed', loaded: 'Resumed from its stored session' } as const satisfies Record<
  Live['how'],
  string
>

const endings = {
  idle: 'Asleep: the next prompt wakes it',
  stopped: 'Stopped',
  crashed: 'Stopped unexpectedly',
  replaced: 'Replaced by a newer run',
  shutdown: 'The node shut down; the next prompt resumes',
} as const satisfies Record<Extract<ChatView['run'], { is: 'ended' }>['reason'], string>

/** What runs where, on whose credential, how isolated: for whoever wants to know exactly. */
export function DetailsPanel({ view, chat }: { view: ChatView; chat: Outputs['chats']['get'] }) {
  const { run } = view
  return (
    <dl className="flex flex-col p-4 text-sm">
      <Fact label="Agent">
        {chat.harnessName}
        {run.is === 'live' ? <span className="text-ink-quiet"> {run.harnessVersion}</span> : null}
      </Fact>
      <Fact label="Agent process">{runWords(run)}</Fact>
      <Fact label="Node">
        {chat.node ? (
          <span className="inline-flex flex-wrap items-center gap-2">
            {chat.node.name}
            <Status tone={chat.node.isOnline ? 'good' : 'quiet'}>{chat.node.isOnline ? 'Online' : 'Disconnected, will resume'}</Status>
          </span>
        ) : (
          'None yet: chosen at the first prompt'
        )}
      </Fact>
      <Fact label="Isolation">
        {run.is === 'live' ? <span className={run.sandbox === 'none' ? 'text-warn-ink' : ''}>{isolation[run.sandbox]}</span> : '—'}
      </Fact>
      <Fact label="What it can do">
        <AbilityList harness={chat.harness} can={view.can} />
      </Fact>
      <Fact label="Paid by">
        {payerWords(chat.payer) ?? 'No connection'}
        {chat.payer ? <span className="text-ink-quiet"> ({chat.payer.providerName})</span> : null}
      </Fact>
      <Fact label="Model">{view.model ? <Code>{view.model}</Code> : 'The agent’s own default'}</Fact>
      {view.modeId ? (
        <Fact label="Mode">
          <Code>{view.modeId}</Code>
        </Fact>
      ) : null}
      {view.options.map((option) => (
        <Fact key={option.id} label={option.name}>
          {option.choices.find((choice) => choice.value === option.current)?.name ?? String(option.current)}
        </Fact>
      ))}
      <Fact label={chat.isHandedOver ? 'Handed over to' : 'Started by'}>
        {chat.isHandedOver ? (
          chat.createdByName
        ) : (
          <>
            {chat.createdByName}, <RelativeTime at={chat.createdAt} />
          </>
        )}
      </Fact>
      {chat.forks.length > 0 ? (
        <Fact label={chat.forks.length === 1 ? 'Its fork' : 'Its forks'}>
          <ul className="flex flex-col gap-1">
            {chat.forks.map((fork) => (
              <li key={fork.chatId}>
                <Link
                  href={`/projects/${encodeURIComponent(chat.projectId)}/chats/${fork.chatId}`}
                  className="touch-target text-accent-ink underline decoration-accent/40 underline-offset-4 hover:decoration-accent"
                >
                  {fork.title || 'New chat'}
                </Link>
              </li>
            ))}
          </ul>
        </Fact>
      ) : null}
      <Fact label="Messages nobody has a word for">{view.unknownMessages === 0 ? 'None' : `${view.unknownMessages}, kept in the log`}</Fact>
      <Fact label="Chat id">
        <span className="flex items-center gap-1">
          <Code className="min-w-0 truncate">{chat.chatId}</Code>
          <CopyButton text={chat.chatId} label="Copy chat id" />
        </span>
      </Fact>
    </dl>
  )
}

function runWords(run: ChatView['run']): ReactNode {
  switch (run.is) {
    case 'none':
      return 'Not started yet'
    case 'preparing':
      return run.note || 'Being prepared'
    case 'live':
      return beginnings[run.how]
    case 'ended':
      return (
        <>
          {endings[run.reason]}
          {run.detail ? (
            <details className="mt-1">
              <summary className="touch-target w-fit text-ink-quiet underline decoration-line-strong underline-offset-4">
                Last words
              </summary>
              <pre className="thin-scroll mt-1 max-h-48 overflow-auto rounded-md bg-sunken p-2 font-mono text-xs whitespace-pre-wrap">
                {run.detail}
              </pre>
            </details>
          ) : null}
        </>
      )
  }
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="border-t border-line py-2 first:border-0 first:pt-0">
      <dt className="text-xs text-ink-quiet">{label}</dt>
      <dd className="mt-0.5 min-w-0 break-words">{children}</dd>
    </div>
  )
}
