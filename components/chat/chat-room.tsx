'use client'

/** The open chat, once it is known what it is and who looks at it. */
import { useQuery } from '@tanstack/react-query'
import { MessageSquareText } from 'lucide-react'
import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react'
import { hasEnded } from '#core/chat/fold-turn.ts'
import { failures } from '#core/errors.ts'
import type { ChatId } from '#core/ids.ts'
import { askingId, type AskingItem } from '#core/chat/asking.ts'
import { entriesOf, keyOfItem } from '#core/chat/part.ts'
import type { Turn } from '#core/chat/view.ts'
import { Announcer } from '#components/chat/announcer.tsx'
import { type ChatActs, ChatActsProvider, type PanelTab } from '#components/chat/chat-context.tsx'
import { ChatDock } from '#components/chat/chat-dock.tsx'
import { ChatHeader } from '#components/chat/chat-header.tsx'
import { ChatPanel } from '#components/chat/chat-panel.tsx'
import { TimelineSkeleton } from '#components/chat/timeline-skeleton.tsx'
import { Composer, type ComposerHandle } from '#components/chat/composer.tsx'
import { recallable } from '#components/chat/composer.model.ts'
import { ConnectionBar } from '#components/chat/connection-bar.tsx'
import { ForkStrip } from '#components/chat/fork-strip.tsx'
import { ModelMend } from '#components/chat/model-mend.tsx'
import { ModelChoice } from '#components/chat/model-choice.tsx'
import { OfferNotice } from '#components/chat/offer-notice.tsx'
import { OpenRows } from '#components/chat/open-rows.ts'
import { isSubscription, payerWords } from '#components/chat/payer.model.ts'
import { approvalOf } from '#components/chat/permission.model.ts'
import { statusOf } from '#components/chat/status.model.ts'
import { Timeline, type TimelineHandle } from '#components/chat/timeline.tsx'
import { isAskingRow, openAsking } from '#components/chat/asking.model.ts'
import { arrange, isActive, RowKeeper, type Row, textOf, timelineRows } from '#components/chat/timeline.model.ts'
import { useChatCalls } from '#components/chat/use-chat-calls.ts'
import type { FollowedChat } from '#components/chat/use-chat-feed.ts'
import { useAskedPanel } from '#components/chat/use-asked-panel.ts'
import { useDraft } from '#components/chat/use-draft.ts'
import { useMarkedRow } from '#components/chat/use-marked-row.ts'
import { useOutgoing } from '#components/chat/use-outgoing.ts'
import { useIsNarrow } from '#components/chat/use-is-narrow.ts'
import { usePeople } from '#components/chat/use-people.ts'
import { usePresence } from '#components/chat/use-presence.ts'
import { useScreenKeys } from '#components/chat/use-screen-keys.ts'
import { useTabTitle, useUnread } from '#components/chat/use-tab-title.ts'
import { WhyNotNotice } from '#components/chat/why-not-notice.tsx'
import { whyNotPrompt } from '#components/chat/why-not.model.ts'
import { BudgetNotice } from '#components/budgets/budget-notice.tsx'
import { useApplyingBudgets } from '#components/budgets/use-applying-budgets.ts'
import { failureOf } from '#components/failures/failure.ts'
import { FailureNotice } from '#components/failures/failure-notice.tsx'
import { useStoredFlag } from '#components/shell/stored-flag.ts'
import { type Outputs, useTRPC } from '#components/trpc/trpc.ts'
import { toast } from '#components/ui/toast.tsx'
import { EmptyState } from '#components/ui/empty-state.tsx'

type Props = { chatId: ChatId; chat: Outputs['chats']['get']; me: Outputs['me']['get']; feed: FollowedChat }

export function ChatRoom({ chatId, chat, me, feed }: Props) {
  const { view, link, isLoaded, catchUp } = feed
  const trpc = useTRPC()
  const draft = useDraft(chatId)
  const [refusal, setRefusal] = useState<unknown>(null)
  const [tab, setTab] = useState<PanelTab>('changes')
  const [isPanelOpen, setPanelOpen] = useStoredFlag('chat-panel', true)
  const [isPanelOver, setPanelOver] = useState(false)
  const [openRows] = useState(() => new OpenRows())
  const timeline = useRef<TimelineHandle>(null)
  const composer = useRef<ComposerHandle>(null)
  const modelChoiceId = useId()

  const present = usePresence({ chatId, isTyping: draft.text !== '', isFollowing: link.is === 'live' })
  const nameOf = usePeople(useMemo(() => [...chat.people, ...present, me.user], [chat.people, present, me.user]))
  const typing = present.filter((each) => each.isTyping && each.userId !== me.user.userId)

  const { putBack } = draft
  const onRefused = useCallback(
    (text: string, error: unknown) => {
      setRefusal(error)
      return putBack(text)
    },
    [putBack],
  )
  const {
    outgoing,
    send: deliver,
    retry,
    discard,
  } = useOutgoing({
    chatId,
    turns: view.turns,
    isLive: link.is === 'live',
    catchUp,
    onRefused,
  })
  const calls = useChatCalls({ chatId, catchUp })

  // --- what is shown
  const arranged = useMemo(() => arrange(view.turns, outgoing), [view.turns, outgoing])
  const [keeper] = useState(() => new RowKeeper())
  const { reading, before: beforeEnd, loading, failed, jump, leaveReading, retryReading, loadBefore, loadAfter, setAtEnd } = feed
  const shown = useMemo(() => shownTurns(reading, arranged.shown), [reading, arranged.shown])
  const hasLater = reading !== null && !reading.isJoined
  const before = reading?.before ?? beforeEnd
  const rows = useMemo(
    () => keeper.keep(timelineRows({ shown, sendingNow: hasLater ? [] : arranged.sendingNow, hasEarlier: before > 0, hasLater })),
    [keeper, shown, hasLater, arranged.sendingNow, before],
  )
  const questions = useMemo(() => openAsking(view.turns), [view.turns])
  const isUnread = useUnread(view.turns.findLast(hasEnded)?.turnId ?? null, isLoaded)
  const status = statusOf({ view, isNodeOnline: chat.node?.isOnline ?? null, isUnread })
  useTabTitle(status, view.title || chat.title)

  const keyOfQuestion = (item: AskingItem) => rows.find((row) => isAskingRow(row) && askingId(row.item) === askingId(item))?.key
  const [inSight, setInSight] = useState<[string | null, string | null]>([null, null])
  const onVisible = useCallback((first: string | null, last: string | null) => setInSight([first, last]), [])
  const showQuestion = async (item: AskingItem) => {
    const turn = view.turns.find((each) => each.items.includes(item))
    const isHere = keyOfQuestion(item) !== undefined
    if (!isHere && turn) await jump({ is: 'around', turnId: turn.turnId, key: keyOfItem(item) })
    setWanted(askingId(item))
  }
  const [wanted, setWanted] = useState<string | null>(null)
  const wantedKey = rows.find((row) => isAskingRow(row) && askingId(row.item) === wanted)?.key
  useEffect(() => {
    if (wantedKey === undefined) return
    timeline.current?.show(wantedKey)
    setWanted(null)
  }, [wantedKey])
  const around = {
    before,
    after: hasLater ? reading.after : 0,
    entries: useMemo(() => shown.reduce((sum, turn) => sum + entriesOf(turn), 0), [shown]),
    loading,
    failed,
    onBefore: loadBefore,
    onAfter: loadAfter,
    onEntry: (number: number) => jump({ is: 'entry', number }),
    onRetry: retryReading,
    onLeave: leaveReading,
    onAtEnd: setAtEnd,
  }
  const isQuestionInSight = questions[0] ? isBetween(rows, keyOfQuestion(questions[0]), inSight) : true

  const marked = useMarkedRow({ rows, isLoaded, jump, timeline })

  // --- what people do
  const isNarrow = useIsNarrow()
  const showPanel = useCallback((isOpen: boolean) => (isNarrow ? setPanelOver(isOpen) : setPanelOpen(isOpen)), [isNarrow, setPanelOpen])
  useAskedPanel(() => showPanel(true))
  const send = useCallback(
    (text: string) => {
      setRefusal(null)
      deliver(text)
      timeline.current?.toEnd()
    },
    [deliver],
  )
  const isShown = isNarrow ? isPanelOver : isPanelOpen
  const agent = chat.harnessName
  const explained = useQuery({
    ...trpc.connections.explain.queryOptions({ harness: chat.harness, projectId: chat.projectId }),
    enabled: chat.payer === null,
  })
  const whyNot = whyNotPrompt({ chat, me, isArchived: view.isArchived, code: explained.data?.resolution.code ?? null })
  const mayPrompt = whyNot === null
  const acts = useMemo<ChatActs>(
    () => ({
      chatId,
      projectId: chat.projectId,
      harness: chat.harness,
      agent,
      mayPrompt,
      userId: me.user.userId,
      nameOf,
      openRows,
      answer: calls.answer,
      answerQuestion: calls.answerQuestion,
      tell: calls.tell,
      withdraw: calls.withdraw,
      moveQueued: calls.moveQueued,
      sendNow: calls.sendNow,
      sendAgain: (turn) => send(textOf(turn.prompt)),
      retryOutgoing: retry,
      discardOutgoing: discard,
      chooseModel: () => document.getElementById(modelChoiceId)?.click(),
      openPanel: (next) => {
        setTab(next)
        showPanel(true)
      },
    }),
    [
      chatId,
      chat.projectId,
      chat.harness,
      agent,
      mayPrompt,
      me.user.userId,
      nameOf,
      openRows,
      calls,
      send,
      retry,
      discard,
      modelChoiceId,
      showPanel,
    ],
  )
  const approve = () => {
    const first = questions.find((item) => item.is === 'permission')
    const approval = first && approvalOf(first)
    if (first && approval && mayPrompt) void calls.answer(first, approval.optionId)
  }
  const stop = () => {
    const running = view.turns.find(isActive)
    if (running && mayPrompt) void calls.stop(running.turnId)
  }
  useScreenKeys({ stop, approve })

  const allBudgets = useApplyingBudgets({ projectId: chat.projectId, chatId, metered: view.usage.requests })
  // A login is its provider's to count: no budget of ours holds it.
  const budgets = isSubscription(chat.payer) ? [] : allBudgets
  const node = chat.node
  const surroundings = useMemo(() => ({ run: view.run, node, me: me.user }), [view.run, node, me.user])
  const earlier = useMemo(() => recallable(view.turns, me.user.userId), [view.turns, me.user.userId])
  const payer = payerWords(chat.payer)

  return (
    <ChatActsProvider value={acts}>
      <div className="flex h-full min-h-0">
        <section aria-label="Chat" className="flex min-w-0 flex-1 flex-col">
          <ChatHeader
            chatId={chatId}
            view={view}
            chat={chat}
            status={status}
            people={present}
            isPanelOpen={isShown}
            onTogglePanel={() => showPanel(!isShown)}
            onShowUsage={() => acts.openPanel('usage')}
          />
          {view.forkedFrom ? <ForkStrip forkedFrom={view.forkedFrom} chat={chat} /> : null}
          <ConnectionBar link={link} onRetry={feed.retry} />
          {!isLoaded && rows.length === 0 ? (
            feed.openFailure === null || (link.is !== 'live' && link.is !== 'blinking') ? (
              <TimelineSkeleton />
            ) : (
              <div className="flex flex-1 items-center justify-center p-6">
                <FailureNotice error={feed.openFailure} look="block" onRetry={feed.retry} />
              </div>
            )
          ) : rows.length === 0 ? (
            <div className="flex flex-1 items-center justify-center p-6">
              <EmptyState icon={<MessageSquareText aria-hidden />} title={`Ask ${agent}`} className="border-0">
                It works in its own copy of {chat.projectName}.{' '}
                {chat.isPrivate ? 'Only you see what happens here.' : 'Everybody in the team sees what happens here.'}
              </EmptyState>
            </div>
          ) : (
            <Timeline ref={timeline} rows={rows} around={around} surroundings={surroundings} onVisible={onVisible} markedKey={marked} />
          )}
          <ChatDock
            view={view}
            arranged={arranged}
            questions={isQuestionInSight ? [] : questions}
            typing={typing}
            onShow={(item) => {
              void showQuestion(item)
            }}
            onEdit={calls.edit}
          >
            <OfferNotice chat={chat} userId={me.user.userId} />
            <Composer
              ref={composer}
              view={view}
              draft={draft.text}
              onDraft={(text) => {
                draft.change(text)
                if (refusal !== null) setRefusal(null)
              }}
              onSend={send}
              onStop={stop}
              onFiles={() => toast('A prompt is text: images and files cannot be sent. Name a file of the project instead.')}
              onApprove={approve}
              hasQuestion={questions.length > 0}
              earlier={earlier}
              whyNot={whyNot?.sentence ?? null}
              notice={
                refusal !== null ? (
                  <Refusal error={refusal} chat={chat} onMended={() => setRefusal(null)} />
                ) : whyNot ? (
                  <WhyNotNotice whyNot={whyNot} chat={chat} />
                ) : (
                  <BudgetNotice budgets={budgets} />
                )
              }
              agent={agent}
              choices={
                <>
                  <ModelChoice
                    id={modelChoiceId}
                    chatId={chatId}
                    projectId={chat.projectId}
                    harness={chat.harness}
                    model={view.model ?? chat.model}
                    isDisabled={!mayPrompt}
                  />
                  {payer ? <span className="hidden min-w-0 truncate text-xs text-ink-quiet sm:inline">{payer}</span> : null}
                </>
              }
            />
          </ChatDock>
        </section>
        <ChatPanel
          view={view}
          hasEarlier={beforeEnd > 0}
          chat={chat}
          tab={tab}
          onTab={setTab}
          isOpenWide={isPanelOpen}
          isOpenNarrow={isPanelOver}
          budgets={budgets}
          onClose={() => showPanel(false)}
        />
      </div>
      <Announcer turns={view.turns} questions={questions} agent={agent} nameOf={nameOf} isLoaded={isLoaded} />
    </ChatActsProvider>
  )
}

/** Why a prompt stayed in the composer, and the one act that lets it go. */
function Refusal({ error, chat, onMended }: { error: unknown; chat: Props['chat']; onMended: () => void }) {
  const failure = failureOf(error)
  const isOfModel = failure.is === 'domain' && failures[failure.code].recovery === 'choose-model'
  return (
    <FailureNotice
      error={error}
      place={{ projectId: chat.projectId, harness: chat.harness }}
      mend={isOfModel ? <ModelMend facts={failure.facts} onChosen={onMended} /> : undefined}
    />
  )
}

/** What is read elsewhere stands before the end, or, when they do not meet, in its place. */
const shownTurns = (reading: FollowedChat['reading'], end: readonly Turn[]): readonly Turn[] =>
  reading === null ? end : reading.isJoined ? [...reading.turns, ...end] : reading.turns

function isBetween(rows: readonly Row[], key: string | undefined, [first, last]: [string | null, string | null]): boolean {
  const at = rows.findIndex((row) => row.key === key)
  const from = rows.findIndex((row) => row.key === first)
  const to = rows.findIndex((row) => row.key === last)
  // The row below it in sight too: then so are its buttons.
  return at >= from && at < to
}
