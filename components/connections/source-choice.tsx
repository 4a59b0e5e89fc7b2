import { type Attachment, type ConnectionRow, maskOf } from '#components/connections/lanes.model.ts'
import { RadioCards } from '#components/ui/radio-cards.tsx'

/** Stands for a credential that is not connected yet. */
export const ANOTHER = 'another'

/** What a project can be given without pasting it again: my own, where it works. */
export const reusableIn = (row: Pick<ConnectionRow, 'attachments'>): Attachment[] =>
  row.attachments.filter((each) => each.scope === 'user' && each.isMine && each.code === null)

/** One that is connected already, or another. */
export function SourceChoice({
  reusable,
  value,
  onChange,
}: {
  reusable: readonly Attachment[]
  value: string
  onChange: (credentialId: string) => void
}) {
  return (
    <RadioCards
      label="Which credential"
      value={value}
      onChange={onChange}
      choices={[
        { value: ANOTHER, label: 'Another credential', note: 'For this project alone.' },
        ...reusable.map(({ credential }) => ({
          value: credential.credentialId,
          label: `Your ${credential.name} ${maskOf(credential)}`,
          note:
            credential.kind === 'api-key'
              ? 'Everybody who may prompt here then spends it.'
              : 'Only you can prompt here while it runs on your login.',
        })),
      ]}
    />
  )
}
