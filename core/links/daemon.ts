/**
 * What crosses the edge between daemon and server: socket.io namespace `/nodes`,
 * every call acknowledged. Both ends parse with these schemas.
 * Flow: `agent/uplink.ts` ⇄ `server/daemons/gateway.ts`.
 *
 * Two numbers are never mixed. `pseq` is the producer's: contiguous from 1 per
 * (chat, epoch), given by the daemon, used only to find duplicates and gaps.
 * `seq` is the log's: given by PostgreSQL; the daemon never sees one.
 */
import { z } from 'zod'
import { ElicitationAction, ElicitationAnswers } from '#core/chat/elicitation.ts'
import { DaemonFact, DeliveredPrompt, FailureCodeSchema, PromptContent } from '#core/chat/events.ts'
import { ChatId, CredentialId, ProjectId, RequestId, RunId, TurnId, UserId } from '#core/ids.ts'
import { NodeHealth } from '#core/nodes/health.ts'
import { Proof } from '#core/nodes/identity.ts'
import { BranchName } from '#core/projects/branch.ts'

export const DAEMON_PROTOCOL = 3
export const DAEMON_NAMESPACE = '/nodes'
/** socket.io's path on the server, for browsers and daemons alike. */
export const SOCKET_PATH = '/api/socket'

/** A lease lasts this long without renewal; the daemon renews each quarter and fences itself at four fifths. */
export const LEASE_TTL_MS = 15_000
/** At most this many facts or bytes in one append. */
export const APPEND_MAX_EVENTS = 500
export const APPEND_MAX_BYTES = 1_000_000

// --- the node ----------------------------------------------------------------------------------------------

export const SandboxReport = z.object({
  level: z.enum(['uid-and-namespaces', 'namespaces', 'none']),
  /** One plain sentence when the level is not the best one, shown on the nodes page. */
  reason: z.string().nullable(),
  /** There is none and nobody allowed going without, so nothing runs here; of level `none` is also a machine where somebody did. */
  isMissing: z.boolean().optional(),
})
export type SandboxReport = z.infer<typeof SandboxReport>

export const HarnessState = z.object({
  harness: z.string(),
  /** The one that this daemon runs. */
  version: z.string(),
  /** All that lie on its disk, such as those of before an upgrade. */
  onDisk: z.array(z.string().max(100)).max(50),
  state: z.enum(['absent', 'installing', 'installed', 'failed']),
  fraction: z.number().min(0).max(1).nullable(),
  detail: z.string().max(2_000).nullable(),
})
export type HarnessState = z.infer<typeof HarnessState>

/** First call on a connection: what the greeting has to sign. */
export const Challenge = z.object({})
export const ChallengeReply = z.object({ nonce: z.string() })

/** Second call on a connection. */
export const Hello = z.object({
  protocol: z.literal(DAEMON_PROTOCOL),
  proof: Proof,
  /** Of Gatehouse, as its package says. */
  version: z.string().max(100),
  platform: z.string(),
  /** How many agent processes this node will run at once. */
  capacity: z.int().positive(),
  sandbox: SandboxReport,
  harnesses: z.array(HarnessState),
  health: NodeHealth.nullable(),
  /** Leases this daemon believes to hold, with what its outbox still has for each. */
  held: z.array(z.object({ chatId: ChatId, epoch: z.int().positive() })),
  /** Chats in whose homes a login lies: whatever else this node was given is not there any more. */
  logins: z.array(ChatId),
})
/** How a daemon of another version greets: who it is may be understood, what else it says only that version knows. */
export const ForeignHello = z.object({
  protocol: z.int().refine((protocol) => protocol !== DAEMON_PROTOCOL),
  proof: Proof.optional().catch(undefined),
})
export const HelloReply = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), leaseTtlMs: z.int().positive() }),
  z.object({ ok: z.literal(false), code: z.enum(['identity-refused', 'identity-cloned', 'protocol-foreign']) }),
])
export type HelloReply = z.infer<typeof HelloReply>

export const NodeReport = z.object({
  sandbox: SandboxReport,
  harnesses: z.array(HarnessState),
  health: NodeHealth.nullable(),
  rssBytes: z.int().nonnegative(),
  runs: z.int().nonnegative(),
})

// --- leases and commands -----------------------------------------------------------------------------------

/** What a person or the server wants of a chat's agent. Delivered in `ord`; a repeated delivery has the same `id`. */
export const Command = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('prompt'), id: z.uuid(), turnId: TurnId, by: UserId, prompt: PromptContent, model: z.string().nullable() }),
  z.object({ kind: z.literal('cancel'), id: z.uuid(), turnId: TurnId }),
  /** Without an option the question is withdrawn, which tells the agent no. */
  z.object({ kind: z.literal('permission'), id: z.uuid(), requestId: RequestId, optionId: z.string().nullable() }),
  z.object({
    kind: z.literal('elicitation'),
    id: z.uuid(),
    requestId: RequestId,
    action: ElicitationAction,
    answers: ElicitationAnswers,
  }),
])
export type Command = z.infer<typeof Command>

export const Lease = z.object({ chatId: ChatId, epoch: z.int().positive(), commands: z.array(Command) })
export type Lease = z.infer<typeof Lease>

export const Claim = z.object({ max: z.int().nonnegative() })
/** `waiting`: how many chats this node could have taken beyond `max`. `isDraining`: it is to finish what runs and rest. */
export const ClaimReply = z.object({ leases: z.array(Lease), waiting: z.int().nonnegative(), isDraining: z.boolean() })

/** Also returns the commands that wait, so a lost push costs at most one renewal. */
export const Renew = z.object({ leases: z.array(z.object({ chatId: ChatId, epoch: z.int().positive() })) })
export const RenewReply = z.object({ kept: z.array(Lease) })

/** Gives the lease back: nothing runs and the outbox is empty. */
export const Release = z.object({ chatId: ChatId, epoch: z.int().positive() })

/** The event under which the server sends a `ServerHint`; it is not acknowledged. */
export const SERVER_HINT = 'hint'
/** The event by which the server asks whether there is anybody at the other end: a living daemon acknowledges it. */
export const SERVER_ASKS = 'there?'
/** Server → daemon. Only hints: the daemon answers with `claim` or `renew`, which carry the truth. */
export const ServerHint = z.discriminatedUnion('hint', [
  z.object({ hint: z.literal('work') }),
  z.object({ hint: z.literal('commands'), chatId: ChatId }),
  z.object({ hint: z.literal('lease-lost'), chatId: ChatId, epoch: z.int().positive() }),
  /** Somebody waits for the login that this chat's agent holds: it is given up unless there is work for it. */
  z.object({ hint: z.literal('yield'), chatId: ChatId }),
  z.object({ hint: z.literal('install'), harness: z.string() }),
  /** Somebody waits for a guided sign-in, or has answered in one; or waits no longer. */
  z.object({ hint: z.literal('sign-in'), signInId: z.uuid() }),
  z.object({ hint: z.literal('sign-in-over'), signInId: z.uuid() }),
])
export type ServerHint = z.infer<typeof ServerHint>

// --- starting a run ----------------------------------------------------------------------------------------

/**
 * How the pinned credential reaches the harness. A union, so that one grant cannot
 * hold both a proxy route and a native login.
 */
export const DeliveryGrant = z.discriminatedUnion('via', [
  z.object({
    via: z.literal('proxy'),
    provider: z.string(),
    dialect: z.enum(['anthropic-messages', 'openai-chat', 'openai-responses', 'gemini-generate']),
    /** Opens the proxy for this run alone. Stays in daemon memory; the sandbox sees a local handle. */
    wstoken: z.string(),
    /** What the catalog lets through in this scope; the menu of the harness is built from it. */
    models: z
      .array(z.object({ id: z.string(), name: z.string(), contextTokens: z.int().positive(), outputTokens: z.int().positive() }))
      .min(1),
  }),
  z.object({ via: z.literal('file'), format: z.string(), contents: z.string() }),
  z.object({ via: z.literal('env'), issuer: z.string(), token: z.string() }),
])
export type DeliveryGrant = z.infer<typeof DeliveryGrant>

export const StartRun = z.object({ chatId: ChatId, epoch: z.int().positive(), runId: RunId })
export const RunGrant = z.object({
  runId: RunId,
  chatId: ChatId,
  projectId: ProjectId,
  harness: z.string(),
  delivery: DeliveryGrant,
  credentialId: CredentialId,
  credentialVersion: z.int().positive(),
  /** A catalog id; null means the harness's own default. */
  model: z.string().nullable(),
  settings: z.record(z.string(), z.string()),
  repositoryUrl: z.string().nullable(),
  /** Where the work starts from, when it is not the repository's default branch; made there if it is new. */
  branch: BranchName.nullable().default(null),
  instructions: z.string(),
  /** The agent's session of an earlier run of this chat, to resume. */
  agentSessionId: z.string().nullable(),
  /** `host:port` that may be private, from GATEHOUSE_PRIVATE_UPSTREAMS (for cloning). */
  privateHosts: z.array(z.string()),
  /**
   * Opens the MCP servers of this run for it alone; null where it has none. Stays in daemon memory: the gateway puts it in on
   * the way out.
   */
  mcpToken: z.string().nullable(),
  /** All of them lie behind our server; `serverId` is null for its own, else one that the project brings. */
  mcpServers: z.array(z.object({ name: z.string(), serverId: z.uuid().nullable() })),
})
export type RunGrant = z.infer<typeof RunGrant>
export const StartRunReply = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), grant: RunGrant }),
  z.object({ ok: z.literal(false), code: FailureCodeSchema, facts: z.record(z.string(), z.any()).default({}) }),
])

/** Kept for `session/resume`; a fact about the run, not about the chat. */
export const SessionOpened = z.object({ chatId: ChatId, epoch: z.int().positive(), runId: RunId, agentSessionId: z.string() })
/**
 * Revokes the workspace token at once. `keepsLogin`: what the program made of its login is still to be told, so nobody
 * else gets that login; said again without it once all is told.
 */
export const RunEnded = z.object({ chatId: ChatId, epoch: z.int().positive(), runId: RunId, keepsLogin: z.boolean() })

// --- logins ------------------------------------------------------------------------------------------------

export const LOGIN_MAX_BYTES = 256 * 1024

/** A program rewrote its own login file. Kept only while the run still pins what it was made from. */
export const LoginChanged = z.object({
  chatId: ChatId,
  epoch: z.int().positive(),
  runId: RunId,
  contents: z.string().max(LOGIN_MAX_BYTES),
})
export const LoginChangedReply = z.discriminatedUnion('is', [
  z.object({ is: z.literal('kept') }),
  z.object({ is: z.literal('unchanged') }),
  z.object({ is: z.literal('refused'), code: FailureCodeSchema }),
  /** Nothing is decided yet: the file is kept as the only copy, and told again. */
  z.object({ is: z.literal('later'), code: FailureCodeSchema }),
])

/** The first node that asks and can, gets it. */
export const TakeSignIn = z.object({ signInId: z.uuid() })
export const TakeSignInReply = z.discriminatedUnion('is', [
  z.object({ is: z.literal('yours'), harness: z.string() }),
  z.object({ is: z.literal('gone') }),
])
export const TellSignIn = z.object({
  signInId: z.uuid(),
  event: z.discriminatedUnion('is', [
    /** Still at it; said every few seconds. */
    z.object({ is: z.literal('waiting') }),
    z.object({ is: z.literal('shown'), url: z.string().max(2_000), userCode: z.string().max(100).nullable() }),
    z.object({ is: z.literal('finished'), contents: z.string().max(LOGIN_MAX_BYTES) }),
    /** `detail`: the program's last words, or ours; nothing of the login. */
    z.object({ is: z.literal('failed'), code: FailureCodeSchema, detail: z.string().max(2_000) }),
  ]),
})
/** `goOn` is false once nobody waits any more. `answer`: what the person brought back for the program, each time until it is over. */
export const TellSignInReply = z.object({ goOn: z.boolean(), answer: z.string().nullable() })

// --- facts -------------------------------------------------------------------------------------------------

/** One record of the outbox. `at` is the daemon's clock, shown to nobody; the log has its own. */
export const OutboxFact = z.object({ pseq: z.int().positive(), fact: DaemonFact })
export type OutboxFact = z.infer<typeof OutboxFact>

export const Append = z.object({ chatId: ChatId, epoch: z.int().positive(), facts: z.array(OutboxFact).min(1).max(APPEND_MAX_EVENTS) })
export const AppendReply = z.discriminatedUnion('is', [
  /**
   * Everything up to and including `pseq` is committed. `accepted` answers each `turn.accepted` of this
   * append, also when it is a repetition: only now the prompt goes to the agent, and it is *this* prompt,
   * since people edit and withdraw until the very commit. `prompt: null` means withdrawn: drop the turn,
   * say nothing more of it, take the next one.
   */
  z.object({
    is: z.literal('acknowledged'),
    pseq: z.int().nonnegative(),
    accepted: z
      .array(
        z.object({
          turnId: TurnId,
          prompt: DeliveredPrompt.nullable(),
          model: z.string().nullable(),
          /**
           * The live run may not serve this prompt: the credential it pinned is no longer what holds here, or is
           * not this person's to spend. The prompt goes to a new run, which is judged (and may be refused) anew.
           */
          mustStartAnew: z.boolean().optional(),
        }),
      )
      .optional(),
  }),
  /** Another epoch holds the chat; only facts above `finalPseq` are not in the log, send those as salvage. */
  z.object({ is: z.literal('fenced'), epoch: z.int().positive(), finalPseq: z.int().nonnegative() }),
  /** The append has a gap in itself, or begins behind what the log holds. */
  z.object({ is: z.literal('expected'), pseq: z.int().positive() }),
  z.object({ is: z.literal('retry'), afterMs: z.int().positive() }),
])
export type AppendReply = z.infer<typeof AppendReply>

/** Every call a daemon makes: event name → request, reply. */
export const daemonCalls = {
  challenge: { request: Challenge, reply: ChallengeReply },
  hello: { request: z.union([Hello, ForeignHello]), reply: HelloReply },
  report: { request: NodeReport, reply: z.object({}) },
  claim: { request: Claim, reply: ClaimReply },
  renew: { request: Renew, reply: RenewReply },
  release: { request: Release, reply: z.object({}) },
  startRun: { request: StartRun, reply: StartRunReply },
  sessionOpened: { request: SessionOpened, reply: z.object({}) },
  runEnded: { request: RunEnded, reply: z.object({}) },
  append: { request: Append, reply: AppendReply },
  loginChanged: { request: LoginChanged, reply: LoginChangedReply },
  takeSignIn: { request: TakeSignIn, reply: TakeSignInReply },
  tellSignIn: { request: TellSignIn, reply: TellSignInReply },
  /** What a fenced daemon still held: stored beside the log, never mixed in. */
  salvage: { request: Append, reply: z.object({}) },
  /** Draining: give me nothing new. */
  bye: { request: z.object({}), reply: z.object({}) },
} as const
export type DaemonCall = keyof typeof daemonCalls
export type CallRequest<C extends DaemonCall> = z.infer<(typeof daemonCalls)[C]['request']>
export type CallReply<C extends DaemonCall> = z.infer<(typeof daemonCalls)[C]['reply']>

/** What an acknowledgement carries: the reply, or that the server could not answer now (the daemon tries again). */
export type Acknowledged<T> = { reply: T } | { error: CallError }
/** `unavailable` passes by itself. */
export type CallError = 'unavailable' | 'not-greeted' | 'malformed'
