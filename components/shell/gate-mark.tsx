/** Two towers and a gate: the mark of the house. */
export function GateMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden className={className}>
      <path fill="currentColor" d="M2 2.5h3v2.4h2.2V2.5h3v5h3.6v-5h3v2.4H19V2.5h3v19h-6.4v-6a3.6 3.6 0 0 0-7.2 0v6H2z" />
    </svg>
  )
}
