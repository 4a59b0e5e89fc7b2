'use client'

import type { Command } from '#components/chat/composer.model.ts'
import { classNames } from '#components/ui/class-names.ts'

/** What the agent can be asked for by a slash. The keys stay in the composer, which says what is chosen. */
export function CommandMenu({
  id,
  commands,
  chosen,
  onChoose,
}: {
  id: string
  commands: readonly Command[]
  chosen: number
  onChoose: (command: Command) => void
}) {
  return (
    <div
      id={id}
      role="listbox"
      aria-label="Commands"
      className="popup thin-scroll absolute inset-x-0 bottom-full z-10 mb-1.5 max-h-64 overflow-y-auto p-1"
    >
      {commands.map((command, index) => (
        <button
          type="button"
          tabIndex={-1}
          key={command.name}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === chosen}
          ref={index === chosen ? (element) => element?.scrollIntoView({ block: 'nearest' }) : undefined}
          className={classNames('popup-item w-full text-left', index === chosen && 'bg-hover')}
          // The field must keep the focus, else the phone's keyboard closes.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(command)}
        >
          <span className="shrink-0 font-mono text-sm">/{command.name}</span>
          <span className="min-w-0 truncate text-sm text-ink-quiet">{command.description}</span>
        </button>
      ))}
    </div>
  )
}
