/**
 * One agent process spoken to by ACP. It opens or resumes the session, hands over
 * prompts and cancels; what the agent says comes out through `said` in the order of
 * the pipe. It knows nothing of turns' fates: `session-runner.ts` decides.
 */
import type { Readable, Writable } from 'node:stream'
import * as acp from '@agentclientprotocol/sdk/unstable'
import type { AgentAbilities, PromptContent } from '#core/chat/events.ts'
import type { PlannedMcpServer } from '#core/connections/launch.ts'
import type { PermissionOutcome } from '#agent/acp/permissions.ts'
import type { ElicitationReply } from '#agent/acp/translate-elicitation.ts'
import { readPromptUsage, type PromptUsage } from '#agent/acp/prompt-usage.ts'
import { tappedStream, type Tapped } from '#agent/acp/tap.ts'

const M = acp.methods.agent

export type AgentVoice = Tapped & {
  onPermission: (params: unknown) => Promise<PermissionOutcome>
  /** `signal`: the agent asks no more. */
  onElicitation: (params: unknown, signal: AbortSignal) => Promise<ElicitationReply>
}

export type OpenedSession = {
  agentSessionId: string
  how: 'new' | 'resumed' | 'loaded'
  can: AgentAbilities
  /** The raw answer: its options and modes are translated by whoever logs them. */
  answer: unknown
}

export type AgentConnection = {
  initialize: () => Promise<void>
  /** Resumes where the agent can and still knows the session; else loads; else begins anew. */
  openSession: (given: { cwd: string; mcpServers: readonly PlannedMcpServer[]; agentSessionId: string | null }) => Promise<OpenedSession>
  prompt: (agentSessionId: string, prompt: PromptContent) => Promise<{ stopReason: string; usage: PromptUsage }>
  cancel: (agentSessionId: string) => Promise<void>
  /** @returns the agent's answer, which holds all options */
  setOption: (agentSessionId: string, id: string, value: string) => Promise<unknown>
  setMode: (agentSessionId: string, modeId: string) => Promise<void>
  close: () => void
  /** Resolves when everything that it ever said has been heard, which may be after its exit. */
  over: Promise<void>
}

export function connectAgent(pipes: { stdin: Writable; stdout: Readable }, voice: AgentVoice): AgentConnection {
  const { stream, over } = tappedStream(pipes, voice)
  const connection = acp
    .client({ name: 'gatehouse' })
    .onRequest(acp.methods.client.session.requestPermission, async ({ params }) => voice.onPermission(params))
    .onRequest(acp.methods.client.elicitation.create, async ({ params, signal }) => voice.onElicitation(params, signal))
    .onRequest('*', ({ method }) => {
      throw acp.RequestError.methodNotFound(method)
    })
    .connect(stream)
  const { agent } = connection
  let capabilities: acp.AgentCapabilities = {}

  const abilities = (): AgentAbilities => ({
    resumes: Boolean(capabilities.sessionCapabilities?.resume),
    loads: capabilities.loadSession === true,
    takesImages: capabilities.promptCapabilities?.image === true,
    mcpOverHttp: capabilities.mcpCapabilities?.http === true,
  })

  const attempts = {
    resumed: (sessionId: string, rest: SessionRest) =>
      capabilities.sessionCapabilities?.resume ? agent.request(M.session.resume, { sessionId, ...rest }) : null,
    loaded: (sessionId: string, rest: SessionRest) =>
      capabilities.loadSession ? agent.request(M.session.load, { sessionId, ...rest }) : null,
  }

  return {
    async initialize() {
      const answer = await agent.request(M.initialize, {
        protocolVersion: acp.PROTOCOL_VERSION,
        // Said outright: some agents take silence for a yes.
        clientCapabilities: {
          fs: { readTextFile: false, writeTextFile: false },
          terminal: false,
          elicitation: { form: {}, url: {} },
        },
        clientInfo: { name: 'gatehouse', title: 'Gatehouse', version: '1' },
      })
      capabilities = answer?.agentCapabilities ?? {}
    },

    async openSession({ cwd, mcpServers, agentSessionId }) {
      const rest: SessionRest = { cwd, mcpServers: mcpServers.flatMap((each) => toldServer(each, abilities())) }
      if (agentSessionId !== null) {
        for (const how of ['resumed', 'loaded'] as const) {
          const attempt = attempts[how](agentSessionId, rest)
          if (!attempt) continue
          try {
            return { agentSessionId, how, can: abilities(), answer: await attempt }
          } catch (error) {
            // Every agent has its own code for a session it no longer knows; only a missing login is final.
            if (isSignedOut(error) || connection.signal.aborted) throw error
          }
        }
      }
      const answer = await agent.request<acp.NewSessionResponse>(M.session.new, rest)
      return { agentSessionId: answer.sessionId, how: 'new', can: abilities(), answer }
    },

    prompt: async (sessionId, prompt) => {
      const answer = await agent.request<acp.PromptResponse | null>(M.session.prompt, {
        sessionId,
        prompt: prompt.map((block) => ({ ...block })),
      })
      return { stopReason: String(answer?.stopReason ?? 'end_turn'), usage: readPromptUsage(answer) }
    },
    cancel: (sessionId) => agent.notify(M.session.cancel, { sessionId }),
    setOption: (sessionId, configId, value) => agent.request(M.session.setConfigOption, { sessionId, configId, value }),
    setMode: async (sessionId, modeId) => {
      await agent.request(M.session.setMode, { sessionId, modeId })
    },
    close: () => connection.close(),
    over,
  }
}

/** The program's own word goes before what the registry knows of it. */
export function toldServer({ name, url, bridge }: PlannedMcpServer, { mcpOverHttp }: AgentAbilities): acp.McpServer[] {
  if (mcpOverHttp) return [{ type: 'http', name, url, headers: [] }]
  if (!bridge) return []
  const env = Object.entries(bridge.env).map(([key, value]) => ({ name: key, value }))
  return [{ name, command: bridge.command, args: [...bridge.args], env }]
}

type SessionRest = { cwd: string; mcpServers: acp.McpServer[] }

export function isSignedOut(error: unknown): boolean {
  return error instanceof acp.RequestError && error.code === -32000
}

/** What an agent's error says, for "Details"; the SDK's class hides the data. */
export function wordsOf(error: unknown): string {
  if (error instanceof acp.RequestError) {
    const data = error.data === undefined ? '' : ` ${typeof error.data === 'string' ? error.data : JSON.stringify(error.data)}`
    return `${error.message} (${error.code})${data}`.slice(0, 3_000)
  }
  return error instanceof Error ? error.message : String(error)
}

export const isProtocolAnswer = (error: unknown): boolean => error instanceof acp.RequestError
