'use client'

/** Where a prompt is written. It leaves as text; who delivers it is `use-outgoing.ts`, next `server/chats/router.ts`. */
import { ArrowUp, ListPlus, Square } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, type Ref, useId, useImperativeHandle, useMemo, useRef, useState } from 'react'
import type { ChatView } from '#core/chat/view.ts'
import { CommandMenu } from '#components/chat/command-menu.tsx'
import { type Command, keyIntent, matchingCommands, sendLook } from '#components/chat/composer.model.ts'
import { ContextRing } from '#components/chat/context-ring.tsx'
import { isActive } from '#components/chat/timeline.model.ts'
import { Button } from '#components/ui/button.tsx'
import { IconButton } from '#components/ui/icon-button.tsx'

export type ComposerHandle = { focus: () => void }

type Props = {
  view: ChatView
  draft: string
  onDraft: (text: string) => void
  onSend: (text: string) => void
  onStop: () => void
  /** Files were pasted or dropped. */
  onFiles: () => void
  onApprove: () => void
  hasQuestion: boolean
  /** My prompts, newest first. */
  earlier: readonly string[]
  /** Why nobody may prompt here now, as a sentence. */
  whyNot: string | null
  /** The same with its way out, shown above the field. */
  notice: ReactNode
  agent: string
  /** Model choice and payer. */
  choices: ReactNode
  ref?: Ref<ComposerHandle>
}

export function Composer({
  view,
  draft,
  onDraft,
  onSend,
  onStop,
  onFiles,
  onApprove,
  hasQuestion,
  earlier,
  whyNot,
  notice,
  agent,
  choices,
  ref,
}: Props) {
  const field = useRef<HTMLTextAreaElement>(null)
  const menuId = useId()
  const [recalled, setRecalled] = useState(-1)
  const [menuAt, setMenuAt] = useState(0)
  const [closedFor, setClosedFor] = useState<string | null>(null)
  const matches = useMemo(() => matchingCommands(draft, view.commands), [draft, view.commands])
  const menu = closedFor === draft ? null : matches
  const chosen = menu ? Math.min(menuAt, menu.length - 1) : 0
  const isRunning = view.turns.some(isActive)
  const isStopping = view.turns.some((turn) => turn.status === 'cancelling')
  const send = sendLook({ view, text: draft, whyNot })

  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus() }), [])

  const write = (text: string) => {
    onDraft(text)
    // The caret goes to the end once React has written the text.
    requestAnimationFrame(() => field.current?.setSelectionRange(text.length, text.length))
  }
  const submit = () => {
    if (!send.isPossible) return
    onSend(draft.trim())
    onDraft('')
    setRecalled(-1)
  }
  const recall = (to: number) => {
    if (to >= earlier.length) return
    setRecalled(Math.max(-1, to))
    write(to < 0 ? '' : earlier[to]!)
  }
  const choose = (command: Command) => write(`/${command.name} `)

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    const { selectionStart, selectionEnd } = event.currentTarget
    const intent = keyIntent(
      {
        key: event.key,
        shiftKey: event.shiftKey,
        altKey: event.altKey,
        metaKey: event.metaKey,
        ctrlKey: event.ctrlKey,
        isComposing: event.nativeEvent.isComposing,
        keyCode: event.keyCode,
      },
      {
        text: draft,
        caret: selectionStart === selectionEnd ? selectionStart : null,
        isMenuOpen: menu !== null,
        isRunning,
        isRecalling: recalled >= 0,
        hasQuestion,
      },
    )
    if (!intent) return
    event.preventDefault()
    // The screen listens for the same keys outside of the field.
    event.stopPropagation()
    if (intent === 'send') submit()
    else if (intent === 'approve') onApprove()
    else if (intent === 'stop') onStop()
    else if (intent === 'recall-older') recall(recalled + 1)
    else if (intent === 'recall-newer') recall(recalled - 1)
    else if (menu) {
      if (intent === 'menu-next') setMenuAt((chosen + 1) % menu.length)
      else if (intent === 'menu-previous') setMenuAt((chosen - 1 + menu.length) % menu.length)
      else if (intent === 'menu-choose') choose(menu[chosen]!)
      else setClosedFor(draft)
    }
  }

  return (
    <div className="flex flex-col gap-2">
      {notice}
      <form
        aria-label="Prompt"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
        className="relative rounded-xl border border-line-strong bg-raised shadow-rest transition-[border-color] focus-within:border-accent"
      >
        {menu ? <CommandMenu id={menuId} commands={menu} chosen={chosen} onChoose={choose} /> : null}
        <textarea
          ref={field}
          value={draft}
          onChange={(event) => {
            onDraft(event.target.value)
            setRecalled(-1)
            setMenuAt(0)
          }}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            if (event.clipboardData.files.length > 0) onFiles()
          }}
          onDrop={(event) => {
            if (event.dataTransfer.files.length === 0) return
            // The browser would leave the chat and show the file.
            event.preventDefault()
            onFiles()
          }}
          rows={1}
          aria-label={`Message to ${agent}`}
          aria-controls={menu ? menuId : undefined}
          aria-activedescendant={menu ? `${menuId}-${chosen}` : undefined}
          aria-autocomplete={view.commands.length > 0 ? 'list' : undefined}
          placeholder={
            isRunning
              ? `Add to the queue: ${agent} reads it after this turn`
              : view.commands.length > 0
                ? `Ask ${agent}, or type / for commands`
                : `Ask ${agent}`
          }
          enterKeyHint="send"
          className="thin-scroll field-sizing-content block max-h-[40dvh] min-h-12 w-full resize-none bg-transparent px-4 pt-3 pb-1 text-md outline-none"
        />
        <div className="flex items-center gap-1 px-2 pb-2">
          <div className="flex min-w-0 flex-1 items-center gap-1">{choices}</div>
          <ContextRing context={view.context} />
          {isRunning ? (
            <IconButton label={isStopping ? 'Stopping' : 'Stop (Esc)'} variant="secondary" isDisabled={isStopping} onClick={onStop}>
              <Square aria-hidden className="size-3! fill-current" />
            </IconButton>
          ) : null}
          {isRunning && draft.trim() === '' ? null : (
            <Button
              type="submit"
              variant="primary"
              isDisabled={!send.isPossible}
              title={send.why ?? undefined}
              icon={send.label === 'Queue' ? <ListPlus aria-hidden /> : <ArrowUp aria-hidden />}
            >
              {send.label}
            </Button>
          )}
        </div>
      </form>
    </div>
  )
}
