/**
 * Many viewers in one process of their own: each the browser's feed over a real socket, without the painting. Told once
 * whom to follow; says how long each piece of text was under way until a viewer had applied it.
 */
import type { ChatEvent } from '#core/chat/events.ts'
import type { ChatId } from '#core/ids.ts'
import { openSocket } from '#components/realtime/socket.ts'
import { ChatFeed, type FeedOptions } from '#components/chat/chat-feed.ts'
import { browserEvents, type Page } from '#core/links/browser.ts'
import { momentsIn } from '#bin/bench/live/moments.ts'
import { byToken, createApi } from '#e2e/world/api.ts'

export type ViewersJob = { do: 'follow'; url: string; tokens: string[]; chats: string[]; viewers: number } | { do: 'report' }
export type Viewed = { delaysMs: number[]; pages: number; events: number; live: number }

const now = () => performance.timeOrigin + performance.now()
const seen: Viewed = { delaysMs: [], pages: 0, events: 0, live: 0 }
const feeds: ChatFeed[] = []

const clock: FeedOptions['clock'] = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  nextFrame: (run) => {
    const timer = setTimeout(run, 16)
    return () => clearTimeout(timer)
  },
}

/** After the feed, which listens first. */
function note({ events }: Page): void {
  const at = now()
  seen.pages += 1
  seen.events += events.length
  for (const event of events as ChatEvent[]) {
    if (event.type === 'reply.appended') for (const moment of momentsIn(event.text)) seen.delaysMs.push(at - moment)
  }
}

async function follow({ url, tokens, chats, viewers }: Extract<ViewersJob, { do: 'follow' }>): Promise<void> {
  for (let at = 0; at < viewers; at += 1) {
    const chatId = chats[at % chats.length]! as ChatId
    const token = tokens[at % tokens.length]!
    const api = createApi(url, byToken(token))
    const socket = openSocket(url, { auth: { token }, transports: ['websocket'], forceNew: true })
    const feed = new ChatFeed({
      chatId,
      socket,
      clock,
      readLast: (atLeast) => api.chats.last.query({ chatId, atLeast }) as ReturnType<FeedOptions['readLast']>,
      readStretch: (place, atLeast) => api.chats.stretch.query({ chatId, place, atLeast }) as ReturnType<FeedOptions['readStretch']>,
      readAfter: (afterSeq) => api.chats.eventsAfter.query({ chatId, afterSeq }) as ReturnType<FeedOptions['readAfter']>,
    })
    feed.start()
    socket.on(browserEvents.page, note)
    feeds.push(feed)
  }
}

process.on('message', (job: ViewersJob) => {
  if (job.do === 'follow') void follow(job).then(() => process.send!({ is: 'following' }))
  else process.send!({ ...seen, live: feeds.filter((feed) => feed.getSnapshot().link.is === 'live').length } satisfies Viewed)
})
process.on('disconnect', () => process.exit(0))
process.send!({ is: 'ready' })
