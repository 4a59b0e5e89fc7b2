#!/opt/gatehouse/bin/node
/**
 * Runs *inside* the sandbox, started by an agent that takes MCP servers as programs only, and alone: no import but Node's
 * own. Each line of stdin is a message, posted to the gateway under the URL in GATEHOUSE_MCP_URL; each message of an answer,
 * JSON or a stream of events, is a line of stdout. It knows no secret: the gateway's socket is the identity.
 */
import { createInterface } from 'node:readline'

const url = process.env['GATEHOUSE_MCP_URL'] ?? ''
/** Said with every message once the two sides have agreed on it. */
let protocolVersion: string | null = null
/** Of a server that keeps sessions, which says so with its first answer. */
let sessionId: string | null = null

const say = (message: unknown): void => void process.stdout.write(`${JSON.stringify(message)}\n`)

type Message = {
  id?: string | number | null
  method?: string
  params?: { _meta?: Record<string, unknown> }
  result?: { protocolVersion?: string }
}

async function carry(line: string): Promise<void> {
  let message: Message
  try {
    message = JSON.parse(line) as Message
  } catch {
    return say({ jsonrpc: '2.0', id: null, error: { code: -32_700, message: 'This is no JSON.' } })
  }
  try {
    const answer = await fetch(url, { method: 'POST', headers: headersOf(message), body: line })
    sessionId = answer.headers.get('mcp-session-id') ?? sessionId
    if (answer.status === 202) return
    const type = answer.headers.get('content-type') ?? ''
    if (type.startsWith('text/event-stream')) for await (const each of eventsOf(answer)) hear(each)
    else hear(await answer.json())
  } catch (error) {
    if (message.id === undefined) return
    say({ jsonrpc: '2.0', id: message.id, error: { code: -32_000, message: error instanceof Error ? error.message : String(error) } })
  }
}

/** A message of the newest protocol says its own version, method and name in its body, and once more in headers. */
function headersOf({ method, params }: Message): Record<string, string> {
  const own = params?._meta?.['io.modelcontextprotocol/protocolVersion']
  const version = typeof own === 'string' ? own : method === 'initialize' ? null : protocolVersion
  const name = (params as { name?: unknown } | undefined)?.name
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(version && { 'mcp-protocol-version': version }),
    ...(sessionId && method !== 'initialize' && { 'mcp-session-id': sessionId }),
    ...(typeof own === 'string' && method && { 'mcp-method': method, ...(typeof name === 'string' && { 'mcp-name': name }) }),
  }
}

function hear(message: unknown): void {
  protocolVersion = (message as Message).result?.protocolVersion ?? protocolVersion
  say(message)
}

async function* eventsOf(answer: Response): AsyncGenerator<unknown> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const piece of answer.body ?? []) {
    rest += decoder.decode(piece, { stream: true })
    const events = rest.split(/\r?\n\r?\n/)
    rest = events.pop() ?? ''
    for (const event of events) {
      const data = event.split(/\r?\n/).flatMap((each) => (each.startsWith('data:') ? [each.slice(5).trimStart()] : []))
      if (data.length > 0 && data.join('\n') !== '') yield JSON.parse(data.join('\n'))
    }
  }
}

const carried = new Set<Promise<void>>()
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line.trim() === '') return
    const one = carry(line).finally(() => carried.delete(one))
    carried.add(one)
  })
  .on('close', () => void Promise.allSettled(carried).then(() => process.exit(0)))
