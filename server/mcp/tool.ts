/** The shape of a tool of our MCP server, and whom it acts for. The tools are in `tools/`; `serve-tools.ts` offers them. */
import type { z } from 'zod'
import type { TurnId } from '#core/ids.ts'
import type { ToolName } from '#core/mcp/tool-groups.ts'
import type { ProjectScope } from '#server/access/scope.ts'
import type { CallingRun } from '#server/mcp/store.ts'

/** `scope` is of the person whose prompt the turn is, proved for this very call. */
export type ToolCaller = { run: CallingRun & { turnId: TurnId }; scope: ProjectScope; signal: AbortSignal }

export type Tool = {
  name: ToolName
  title: string
  /** For the model that decides whether to call it. */
  description: string
  input: z.ZodObject
  output: z.ZodObject
  /** Whether anything is another after it. */
  changes: boolean
  /** The whole answer: some agents give their model the structure, others its JSON as text. */
  call: (caller: ToolCaller, input: never) => Promise<Record<string, unknown>>
}

type Defined<I extends z.ZodObject, O extends z.ZodObject> = Omit<Tool, 'input' | 'output' | 'call'> & {
  input: I
  output: O
  call: (caller: ToolCaller, input: z.infer<I>) => Promise<z.infer<O>>
}

export const defineTool = <I extends z.ZodObject, O extends z.ZodObject>(tool: Defined<I, O>): Tool => tool

/** What a tool cannot do, in words for the model that called it. */
export class ToolRefusal extends Error {
  override readonly name = 'ToolRefusal'
}
