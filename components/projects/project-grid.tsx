'use client'

import Link from 'next/link'
import { repositoryLabel } from '#components/projects/repository.ts'
import type { Outputs } from '#components/trpc/trpc.ts'
import { RelativeTime } from '#components/ui/relative-time.tsx'

/** Projects as cards. */
export function ProjectGrid({ projects }: { projects: Outputs['projects']['list'] }) {
  return (
    <ul className="grid grid-cols-1 gap-3 sm:grid-cols-2 lg:grid-cols-3">
      {projects.map((project) => (
        <li key={project.projectId}>
          <Link
            href={`/projects/${encodeURIComponent(project.projectId)}`}
            className="flex h-full flex-col gap-1 rounded-lg border border-line bg-raised p-4 transition-colors hover:border-line-strong hover:bg-hover"
          >
            <span className="truncate text-md font-medium">{project.name}</span>
            <span className="truncate text-sm text-ink-quiet">
              {project.repositoryUrl ? repositoryLabel(project.repositoryUrl) : 'No repository'}
            </span>
            <span className="figures mt-3 flex justify-between gap-2 text-xs text-ink-quiet">
              <span>
                {project.chatCount} {project.chatCount === 1 ? 'chat' : 'chats'}
              </span>
              {project.lastActivityAt ? <RelativeTime at={project.lastActivityAt} /> : <span>New</span>}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
