'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { Facts } from '#components/connections/facts.tsx'
import { loginFacts } from '#components/connections/login-facts.tsx'
import type { Attachment } from '#components/connections/lanes.model.ts'
import { dialectNames, kindNames, scopeWords } from '#components/connections/scope-words.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { failureWords } from '#components/failures/sentences.ts'
import { useTRPC, type Outputs } from '#components/trpc/trpc.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'
import { Skeleton } from '#components/ui/skeleton.tsx'

type Details = Outputs['connections']['details']

/** Where a credential comes from, what became of it, and who works on it. Never the credential. */
export function LaneDetails({ attachment }: { attachment: Attachment }) {
  const details = useQuery(useTRPC().connections.details.queryOptions({ connectionId: attachment.connectionId }))
  if (details.isPending) return <Skeleton className="my-2 h-40" />
  if (details.isError) return <FailureNotice error={details.error} onRetry={() => void details.refetch()} className="my-2" />
  return (
    <div className="my-2 grid gap-x-8 gap-y-4 rounded-lg border border-line bg-raised p-4 md:grid-cols-2">
      <Origin details={details.data} />
      <Uses details={details.data} />
    </div>
  )
}

function Origin({ details }: { details: Details }) {
  const { credential, scope, isMine, createdByName, createdAt, replacedAt, login, expiresAt } = details
  return (
    <Facts
      facts={[
        ['For', scopeWords[scope].name],
        ['Kind', kindNames[credential.kind]],
        ...(login ? loginFacts({ login, expiresAt }) : []),
        [
          'Address',
          credential.baseUrl ? (
            <span key="address" className="font-mono text-xs break-all">
              {credential.baseUrl}
            </span>
          ) : null,
        ],
        ['Dialect', credential.baseUrl && credential.dialect ? (dialectNames[credential.dialect] ?? credential.dialect) : null],
        ['Connected', <ByWhen key="by" name={isMine ? 'you' : createdByName} at={createdAt} />],
        ['Replaced', replacedAt ? <RelativeTime key="at" at={replacedAt} /> : null],
        [
          'Ends in',
          credential.lastFour ? (
            <span key="four" className="font-mono">
              {credential.lastFour}
            </span>
          ) : null,
        ],
        [
          'Fingerprint',
          <span key="print" className="font-mono text-xs break-all">
            {credential.fingerprint}
          </span>,
        ],
      ]}
    />
  )
}

function Uses({ details }: { details: Details }) {
  const { credential, usedBy, lastUsedAt, lastError, harness } = details
  return (
    <Facts
      facts={[
        ['Last used', lastUsedAt ? <RelativeTime key="at" at={lastUsedAt} /> : 'Never'],
        [
          'Last error',
          lastError ? (
            <span key="error">
              {failureWords(lastError.code, { harness, providerName: credential.providerName }).sentence}{' '}
              <RelativeTime at={lastError.at} className="text-ink-quiet" />
            </span>
          ) : (
            'None'
          ),
        ],
        ['Projects', usedBy.projects.length === 0 ? 'None' : <ProjectLinks key="projects" projects={usedBy.projects} />],
        ['Running', usedBy.chats.length === 0 && usedBy.elsewhere === 0 ? 'No chat' : <ChatLinks key="chats" {...usedBy} />],
      ]}
    />
  )
}

const link = 'underline decoration-line-strong underline-offset-4 hover:decoration-ink touch:inline-block touch:py-3'

function ProjectLinks({ projects }: Pick<Details['usedBy'], 'projects'>) {
  return (
    <ul className="flex flex-wrap gap-x-3">
      {projects.map((each) => (
        <li key={each.projectId}>
          <Link href={`/projects/${encodeURIComponent(each.projectId)}?tab=connections`} className={link}>
            {each.name}
          </Link>
        </li>
      ))}
    </ul>
  )
}

function ChatLinks({ chats, elsewhere }: Pick<Details['usedBy'], 'chats' | 'elsewhere'>) {
  return (
    <ul>
      {chats.map((each) => (
        <li key={each.chatId}>
          <Link href={`/projects/${encodeURIComponent(each.projectId)}/chats/${encodeURIComponent(each.chatId)}`} className={link}>
            {each.title || 'A new chat'}
          </Link>
        </li>
      ))}
      {elsewhere > 0 ? <li>{elsewhere} of other teams</li> : null}
    </ul>
  )
}

function ByWhen({ name, at }: { name: string; at: string }) {
  return (
    <>
      by {name}, <RelativeTime at={at} />
    </>
  )
}
