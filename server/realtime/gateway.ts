/**
 * The browser's socket: who connects is proved once, what they subscribe to each time. A pipe and no more;
 * everything that is said of a chat comes out of its log by `pump.ts`.
 * Attached by `server/main.ts`. Next: `pump.ts`, `presence.ts`; the other end is `components/chat/chat-feed.ts`.
 */
import type { DefaultEventsMap, Server, Socket } from 'socket.io'
import type { z } from 'zod'
import {
  BROWSER_NAMESPACE,
  browserEvents,
  HEARTBEAT_EVERY_MS,
  PageReceived,
  PresencePing,
  Subscribe,
  Unsubscribe,
  type Heartbeat,
  type ListHint,
  type SubscribeReply,
} from '#core/links/browser.ts'
import type { ChatId, TeamId, UserId } from '#core/ids.ts'
import { DomainError } from '#core/errors.ts'
import { identify } from '#server/accounts/service.ts'
import { enterChat, enterTeam, type Caller } from '#server/access/scope.ts'
import { readHead } from '#server/chats/events.ts'
import { log } from '#server/log.ts'
import { onHint } from '#server/realtime/bus.ts'
import { HintCoalescer } from '#server/realtime/hint-coalescer.ts'
import { PresenceBoard } from '#server/realtime/presence.ts'
import { Pump, type Cursor } from '#server/realtime/pump.ts'
import { findPrivate, findStanding, findTeamOfChat, findTeams } from '#server/realtime/store.ts'

/** How patient the gateway is; tests are less so. */
export type Pace = { acknowledgeMs: number; heartbeatMs: number; standingMs: number }
const usualPace: Pace = { acknowledgeMs: 10_000, heartbeatMs: HEARTBEAT_EVERY_MS, standingMs: 5_000 }
const MAX_SUBSCRIPTIONS = 50
const MAX_SOCKETS_PER_USER = 20

/** `asking`: the newest subscription to each chat that is still being looked into. */
type Data = { caller: Caller; cursors: Map<ChatId, Cursor>; asking: Map<ChatId, symbol> }
type ChatSocket = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, Data>

/** Serves the namespace for browsers until the answer is called. */
export function attachRealtime(io: Server, pace: Pace = usualPace): () => void {
  const chats = io.of(BROWSER_NAMESPACE)
  const pump = new Pump()
  const sockets = () => [...chats.sockets.values()] as unknown as ChatSocket[]
  const presence = new PresenceBoard({
    changed: (people) => {
      for (const socket of sockets()) if (socket.data.cursors.has(people.chatId)) socket.volatile.emit(browserEvents.people, people)
    },
  })

  chats.use((socket, next) => {
    prove(socket as unknown as ChatSocket, sockets()).then(
      () => next(),
      (error: unknown) => next(error instanceof DomainError ? new Error(error.code) : new Error('unavailable')),
    )
  })
  chats.on('connection', (plain) => {
    const socket = plain as unknown as ChatSocket
    socket.on(browserEvents.subscribe, (input: unknown, reply: unknown) => void subscribe({ socket, pump, pace }, input, reply))
    socket.on(browserEvents.unsubscribe, (input: unknown) => {
      const parsed = Unsubscribe.safeParse(input)
      if (parsed.success) leave(socket, presence, parsed.data.chatId)
    })
    socket.on(browserEvents.presence, (input: unknown) => {
      const ping = PresencePing.safeParse(input)
      if (!ping.success || !socket.data.cursors.has(ping.data.chatId)) return
      const { userId, name } = socket.data.caller
      const isFirst = !presence.of(ping.data.chatId).people.some((each) => each.userId === userId)
      presence.ping({ ...ping.data, place: socket.id, userId, name })
      // Somebody at a second screen changes nothing for the others, but this screen has seen nobody yet.
      if (!isFirst) socket.volatile.emit(browserEvents.people, presence.of(ping.data.chatId))
    })
    socket.on('disconnect', () => {
      for (const chatId of socket.data.cursors.keys()) leave(socket, presence, chatId)
    })
  })

  const hints = new HintCoalescer((teamId, topic) => {
    const message: z.infer<typeof ListHint> = { topic }
    if (teamId) chats.to(roomOf(teamId)).emit(browserEvents.hint, message)
    else chats.emit(browserEvents.hint, message)
  })
  const stopHints = onHint((hint) => {
    if (hint.about === 'list') hints.add(hint.teamId, hint.topic)
    if (hint.about === 'privacy') leaveOthers(sockets(), presence, new Map([[hint.chatId, hint.createdBy]]))
    if (hint.about === 'membership') drop(sockets().filter((socket) => socket.data.caller.userId === hint.userId))
  })
  const heartbeat = setInterval(() => beat(sockets()), pace.heartbeatMs).unref()
  const standing = setInterval(() => {
    void dropFallen(sockets())
    void leaveUnseen(sockets(), presence)
  }, pace.standingMs).unref()

  return () => {
    clearInterval(heartbeat)
    clearInterval(standing)
    stopHints()
    hints.stop()
    presence.stop()
    pump.stop()
    chats.disconnectSockets(true)
  }
}

const roomOf = (teamId: TeamId): string => `team:${teamId}`

/** A personal access token in the handshake's `auth`, or the session cookie. @throws session.missing */
async function prove(socket: ChatSocket, others: readonly ChatSocket[]): Promise<void> {
  const token: unknown = socket.handshake.auth['token']
  const headers = new Headers()
  if (typeof token === 'string') headers.set('authorization', `Bearer ${token}`)
  else if (socket.handshake.headers.cookie) headers.set('cookie', socket.handshake.headers.cookie)
  const caller = await identify(headers)
  if (!caller) throw new DomainError('session.missing')
  if (others.filter((other) => other.data.caller.userId === caller.userId).length >= MAX_SOCKETS_PER_USER) {
    throw new DomainError('request.too-many')
  }
  socket.data.caller = caller
  socket.data.cursors = new Map()
  socket.data.asking = new Map()
  for (const teamId of await findTeams(caller)) await socket.join(roomOf(teamId))
}

async function subscribe(
  { socket, pump, pace }: { socket: ChatSocket; pump: Pump; pace: Pace },
  input: unknown,
  reply: unknown,
): Promise<void> {
  if (typeof reply !== 'function') return
  const answer = (value: z.infer<typeof SubscribeReply>) => reply(value)
  const parsed = Subscribe.safeParse(input)
  if (!parsed.success) return answer({ is: 'refused' })
  const { chatId, after, logId } = parsed.data
  const { cursors, asking, caller } = socket.data
  const asked = Symbol(chatId)
  asking.set(chatId, asked)
  cursors.get(chatId)?.close()
  cursors.delete(chatId)
  try {
    if (cursors.size >= MAX_SUBSCRIPTIONS || !(await mayRead(caller, chatId))) return answer({ is: 'refused' })
    const { cursor, start } = pump.register({
      chatId,
      send: async (page) => PageReceived.parse(await socket.timeout(pace.acknowledgeMs).emitWithAck(browserEvents.page, page)).applied,
      // Whoever does not take its pages is cut off, and starts from its own cursor when it comes back.
      isOver: () => socket.disconnect(true),
    })
    const at = await readHead(chatId).catch(() => null)
    if (!at) {
      cursor.close()
      return answer({ is: 'refused' })
    }
    const mode = after > at.head || (logId !== null && logId !== at.logId) ? 'snapshot' : 'tail'
    answer({ is: 'following', mode, ...at })
    // While we read, the client may have gone, left or asked again; one that has another history asks again.
    if (!socket.connected || asking.get(chatId) !== asked || mode === 'snapshot') return cursor.close()
    cursors.set(chatId, cursor)
    start(at, after)
  } catch (error) {
    // Without an answer the client's call times out, and it tries again on a fresh connection.
    log.warn({ err: error, chatId }, 'A subscription failed')
    socket.disconnect(true)
  } finally {
    if (asking.get(chatId) === asked) asking.delete(chatId)
  }
}

/** Foreign chats answer like unknown ones. */
async function mayRead(caller: Caller, chatId: ChatId): Promise<boolean> {
  const teamId = await findTeamOfChat(chatId)
  if (!teamId) return false
  try {
    await enterChat(await enterTeam(caller, { act: 'read', teamId }), { act: 'read', chatId })
    return true
  } catch (error) {
    if (error instanceof DomainError) return false
    throw error
  }
}

function leave(socket: ChatSocket, presence: PresenceBoard, chatId: ChatId): void {
  const { cursors, asking, caller } = socket.data
  asking.delete(chatId)
  cursors.get(chatId)?.close()
  if (cursors.delete(chatId)) presence.leave({ chatId, place: socket.id, userId: caller.userId, name: caller.name })
}

/** Whoever may no longer see a chat hears no more of it; a heartbeat without it lets their client find out. */
function leaveOthers(sockets: readonly ChatSocket[], presence: PresenceBoard, seenBy: ReadonlyMap<ChatId, UserId>): void {
  for (const [chatId, createdBy] of seenBy) {
    for (const socket of sockets) {
      if (socket.data.caller.userId === createdBy || !socket.data.cursors.has(chatId)) continue
      leave(socket, presence, chatId)
      beat([socket])
    }
  }
}

/** A hint that a chat became private may be lost, or come while somebody subscribes. */
async function leaveUnseen(sockets: readonly ChatSocket[], presence: PresenceBoard): Promise<void> {
  const watched = new Set(sockets.flatMap((socket) => [...socket.data.cursors.keys()]))
  if (watched.size === 0) return
  try {
    leaveOthers(sockets, presence, await findPrivate([...watched]))
  } catch (error) {
    log.warn({ err: error }, 'Who still sees what they watch could not be checked')
  }
}

/** Their cursors stop before anything else, so nothing committed from now on reaches them. */
function drop(sockets: readonly ChatSocket[]): void {
  for (const socket of sockets) {
    for (const cursor of socket.data.cursors.values()) cursor.close()
    socket.disconnect(true)
  }
}

function beat(sockets: readonly ChatSocket[]): void {
  const now = new Date().toISOString()
  for (const socket of sockets) {
    const heads = [...socket.data.cursors].map(([chatId, { head }]): [ChatId, number] => [chatId, head])
    const heartbeat: z.infer<typeof Heartbeat> = { now, heads }
    socket.volatile.emit(browserEvents.heartbeat, heartbeat)
  }
}

/** Signed out, expired, revoked: hints of that may be lost, so it is looked up. */
async function dropFallen(sockets: readonly ChatSocket[]): Promise<void> {
  if (sockets.length === 0) return
  const proofOf = ({ data: { caller } }: ChatSocket) => (caller.via.is === 'token' ? caller.via.tokenId : caller.via.sessionId)
  try {
    const standing = await findStanding(sockets.map(proofOf))
    drop(sockets.filter((socket) => !standing.has(proofOf(socket))))
  } catch (error) {
    log.warn({ err: error }, 'Sessions of sockets could not be checked')
  }
}
