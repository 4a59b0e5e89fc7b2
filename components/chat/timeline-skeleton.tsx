import { Skeleton } from '#components/ui/skeleton.tsx'

/** The shape of a conversation that is being loaded. */
export function TimelineSkeleton() {
  return (
    <div
      role="status"
      aria-label="Loading the conversation"
      className="mx-auto flex w-full max-w-3xl flex-1 flex-col gap-4 px-4 pt-6 sm:px-6"
    >
      <Skeleton className="h-20 rounded-lg" />
      <Skeleton className="w-11/12" />
      <Skeleton className="w-4/5" />
      <Skeleton className="w-2/3" />
    </div>
  )
}
