import { ButtonLink } from '#components/ui/button.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center p-6">
      <EmptyState
        titleAs="h1"
        title="There is nothing at this address"
        className="border-0"
        action={<ButtonLink href="/">Go home</ButtonLink>}
      >
        The link may be old, or what it led to was removed.
      </EmptyState>
    </main>
  )
}
