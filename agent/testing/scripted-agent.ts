/**
 * A real ACP agent whose prompt is a script, for what real agents cannot be made to do.
 * It is copied out and run alone, so it imports only Node, the SDK and nothing of ours.
 * One command a line, `verb rest` or `verb: rest`; prose that is no command makes it show
 * everything once. Sessions are kept in the file SCRIPTED_STATE names.
 *
 * | command | what it does |
 * |---|---|
 * | `say <text>` or `reply <text>` | says it, word by word |
 * | `think <text>` | thinks it |
 * | `plan <a>; <b>` | sets a plan |
 * | `tool edit <path> "<text>"` or `write <path>: <text>` | writes the file, with a diff |
 * | `run <command>` | runs it in a shell, as a tool call |
 * | `ask <title>` | asks for permission and says which option was chosen |
 * | `elicit form`, `elicit secret`, `elicit url <address>` | asks people with a form, and says what it was answered |
 * | `call-tool <name> <json>` | calls a tool of the first MCP server it was given, as a program, and says what it answered |
 * | `model <prompt>` | asks the model behind its base URL and streams the answer |
 * | `wait-for-cancel`, `sleep-until-cancelled` | waits until it is cancelled |
 * | `ignore-cancel` | waits for ever |
 * | `wait-for-file <path>` | waits until the file exists |
 * | `crash`, `fail <code>`, `refuse`, `garbage`, `silence` | ends badly |
 * | `unknown-update`, `malformed-update` | says what no schema knows |
 * | `spawn-grandchild` | leaves a process of another session behind, and says its number |
 * | `flood <n>` | n small pieces of text |
 * | `stream <name> <n> <ms>` | n numbered pieces, one at a time, each written into `journal.log` beside the sessions first |
 * | `clock <n> <ms>` | n pieces at a pace, each the moment at which it is said, in milliseconds since 1970 |
 * | `tokens <input> <output> <cached>` | what its answer says that it used |
 * | `habit <name>` | from its next start on: `no-resume`, `late-replay` (of a loaded session, after it has answered), `offers <model>`, |
 * | | `mute` (to a choice of mode or option), `frail` (it dies of one) |
 * | `usage <used> <size>`, `title <text>`, `mode <id>` | session facts |
 * | `env <name>`, `read <path>`, `dial <host> <port>`, `whoami` | says what it sees from inside |
 */
import { execFile, spawn } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import * as acp from '@agentclientprotocol/sdk/unstable'

type Turn = { prompt: string; reply: string }
type Session = { cwd: string; turns: Turn[] }
type Running = {
  sessionId: string
  cwd: string
  client: acp.AgentContext
  cancelled: AbortSignal
  reply: string
  count: number
  stopReason: acp.StopReason
  usage?: acp.Usage
}

const stateFile = process.env['SCRIPTED_STATE'] ?? resolve(process.env['HOME'] ?? '/tmp', 'scripted.json')
const sessions: Record<string, Session> = existsSync(stateFile)
  ? (JSON.parse(readFileSync(stateFile, 'utf8')) as Record<string, Session>)
  : {}
const habitsFile = resolve(dirname(stateFile), 'habits')
const habits = new Set(existsSync(habitsFile) ? readFileSync(habitsFile, 'utf8').split('\n') : [])
const offered = [...habits].flatMap((habit) => (habit.startsWith('offers ') ? [habit.slice(7)] : []))
const cancels = new Map<string, AbortController>()
/** Of the session opened last. It takes servers as programs only, and says so by saying nothing. */
let mcpServers: acp.McpServer[] = []
let mode = 'default'
let model = process.env['SCRIPTED_MODEL'] ?? 'scripted-model'

const journalFile = resolve(dirname(stateFile), 'journal.log')
/** For whoever compares what an agent did with what became of it. */
const note = (line: string): void => appendFileSync(journalFile, `${line}\n`)
const save = (): void => writeFileSync(stateFile, JSON.stringify(sessions))

const offer = (): { modes: acp.SessionModeState; configOptions: acp.SessionConfigOption[] } => ({
  modes: {
    currentModeId: mode,
    availableModes: [
      { id: 'default', name: 'As scripted' },
      { id: 'other', name: 'Other' },
    ],
  },
  configOptions: [
    {
      id: 'model',
      name: 'Model',
      category: 'model',
      type: 'select',
      currentValue: model,
      options: [...new Set([model, ...offered])].map((each) => ({ value: each, name: each })),
    },
  ],
})

/** What a choice of mode or option does to it, beside what it should. */
async function choose(): Promise<void> {
  note('choice')
  if (habits.has('frail')) process.exit(7)
  if (habits.has('mute')) await new Promise(() => {})
}

function known(sessionId: string): Session {
  const session = sessions[sessionId]
  if (!session) throw acp.RequestError.resourceNotFound(sessionId)
  return session
}

type Commands = Record<string, (rest: string, running: Running) => Promise<void> | void>

const update = (running: Running, fields: Record<string, unknown>): Promise<void> =>
  running.client.notify('session/update', { sessionId: running.sessionId, update: fields })

async function say(running: Running, text: string, kind = 'agent_message_chunk'): Promise<void> {
  for (const piece of text.match(/\S+\s*|\s+/g) ?? [])
    await update(running, { sessionUpdate: kind, content: { type: 'text', text: piece } })
  if (kind === 'agent_message_chunk') running.reply += text
}

const nextId = (running: Running): string => `call-${sessions[running.sessionId]!.turns.length}-${(running.count += 1)}`

async function writeTool(running: Running, path: string, text: string): Promise<void> {
  const file = resolve(running.cwd, path)
  const oldText = existsSync(file) ? readFileSync(file, 'utf8') : null
  const toolCallId = nextId(running)
  await update(running, {
    sessionUpdate: 'tool_call',
    toolCallId,
    title: `Write ${path}`,
    kind: 'edit',
    status: 'in_progress',
    locations: [{ path: file }],
    rawInput: { path, text },
  })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  await update(running, {
    sessionUpdate: 'tool_call_update',
    toolCallId,
    status: 'completed',
    content: [{ type: 'diff', path: file, oldText, newText: text }],
  })
}

const untilCancelled = (running: Running): Promise<void> =>
  new Promise((done) => {
    // The SDK keeps nothing alive for us while we only wait.
    const awake = setInterval(() => {}, 60_000)
    const end = (): void => {
      clearInterval(awake)
      running.stopReason = 'cancelled'
      done()
    }
    if (running.cancelled.aborted) end()
    else running.cancelled.addEventListener('abort', end, { once: true })
  })

const forms: Record<string, { message: string; requestedSchema: acp.ElicitationSchema }> = {
  form: {
    message: 'Before I set up the service, I need to know a few things.',
    requestedSchema: {
      type: 'object',
      required: ['name', 'region', 'replicas'],
      properties: {
        name: { type: 'string', title: 'Name of the service', description: 'Lower case, without spaces.', minLength: 3, maxLength: 40 },
        region: {
          type: 'string',
          title: 'Region',
          oneOf: [
            { const: 'eu', title: 'Frankfurt' },
            { const: 'us', title: 'Oregon' },
          ],
        },
        replicas: { type: 'integer', title: 'Replicas', minimum: 1, maximum: 9, default: 2 },
        features: { type: 'array', title: 'Features', items: { type: 'string', enum: ['metrics', 'backups', 'alerts'] } },
        isPublic: { type: 'boolean', title: 'Reachable from outside', default: false },
      },
    },
  },
  secret: {
    message: 'I need a password to go on.',
    requestedSchema: { type: 'object', required: ['password'], properties: { password: { type: 'string', title: 'Password' } } },
  },
}

/** The protocol as a program of the year before last speaks it: hands shaken, then the call. */
async function callTool(rest: string, running: Running): Promise<void> {
  const [, name = '', json = '{}'] = /^(\S+)\s*([\s\S]*)$/.exec(rest) ?? []
  const [server] = mcpServers
  if (!server || !('command' in server)) return say(running, 'no MCP server as a program ')
  const env = { ...process.env, ...Object.fromEntries(server.env.map((each) => [each.name, each.value])) }
  const child = spawn(server.command, server.args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const tell = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  const hear = async () => JSON.parse(String((await lines.next()).value ?? 'null')) as { result?: { content?: { text?: string }[] } } | null
  const clientInfo = { name: 'scripted', version: '1' }
  tell({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } })
  await hear()
  tell({ method: 'notifications/initialized' })
  const toolCallId = nextId(running)
  const title = `mcp__${server.name}__${name}`
  const rawInput = JSON.parse(json || '{}') as Record<string, unknown>
  await update(running, { sessionUpdate: 'tool_call', toolCallId, title, kind: 'other', status: 'in_progress', rawInput })
  tell({ id: 2, method: 'tools/call', params: { name, arguments: rawInput } })
  const answer = await hear()
  child.stdin.end()
  const text = answer?.result?.content?.[0]?.text ?? JSON.stringify(answer)
  const content = [{ type: 'content', content: { type: 'text', text } }]
  await update(running, { sessionUpdate: 'tool_call_update', toolCallId, status: answer?.result ? 'completed' : 'failed', content })
  await say(running, `${server.name}.${name}: ${text} `)
}

const commands: Commands = {
  say: (rest, running) => say(running, rest),
  reply: (rest, running) => say(running, rest),
  think: (rest, running) => say(running, rest, 'agent_thought_chunk'),
  plan: (rest, running) =>
    update(running, {
      sessionUpdate: 'plan',
      entries: rest
        .split(';')
        .map((content, index) => ({ content: content.trim(), priority: 'medium', status: index === 0 ? 'in_progress' : 'pending' })),
    }),
  tool: (rest, running) => {
    const [, path = 'a.txt', text = ''] = /^edit\s+(\S+)\s+"([\s\S]*)"$/.exec(rest) ?? []
    return writeTool(running, path, text.replaceAll('\\n', '\n'))
  },
  write: (rest, running) => {
    const [, path = 'a.txt', text = ''] = /^(\S+?):?\s+([\s\S]*)$/.exec(rest) ?? []
    return writeTool(running, path, text)
  },
  run: async (rest, running) => {
    const toolCallId = nextId(running)
    await update(running, {
      sessionUpdate: 'tool_call',
      toolCallId,
      title: rest,
      kind: 'execute',
      status: 'in_progress',
      rawInput: { command: rest },
    })
    const [code, output] = await new Promise<[number, string]>((done) => {
      execFile('/bin/sh', ['-c', rest], { cwd: running.cwd }, (error, stdout, stderr) => done([error ? 1 : 0, stdout + stderr]))
    })
    await update(running, {
      sessionUpdate: 'tool_call_update',
      toolCallId,
      status: code === 0 ? 'completed' : 'failed',
      content: [{ type: 'content', content: { type: 'text', text: output } }],
    })
    await say(running, output)
  },
  ask: async (rest, running) => {
    const toolCallId = nextId(running)
    await update(running, {
      sessionUpdate: 'tool_call',
      toolCallId,
      title: rest,
      kind: 'execute',
      status: 'pending',
      rawInput: { command: rest },
    })
    const { outcome } = await running.client.request<acp.RequestPermissionResponse>('session/request_permission', {
      sessionId: running.sessionId,
      toolCall: { toolCallId, title: rest, kind: 'execute', rawInput: { command: rest } },
      options: [
        { optionId: 'allow', name: 'Allow once', kind: 'allow_once' },
        { optionId: 'always', name: 'Always allow', kind: 'allow_always' },
        { optionId: 'reject', name: 'Reject', kind: 'reject_once' },
      ],
    })
    if (outcome.outcome === 'cancelled') {
      running.stopReason = 'cancelled'
      return
    }
    await update(running, { sessionUpdate: 'tool_call_update', toolCallId, status: outcome.optionId === 'reject' ? 'failed' : 'completed' })
    await say(running, `You chose ${outcome.optionId}. `)
  },
  elicit: async (rest, running) => {
    const [what = 'form', url = 'https://example.test/sign-in'] = rest.split(' ')
    const asked =
      what === 'url'
        ? { mode: 'url' as const, elicitationId: nextId(running), url, message: 'Please look at this page and come back.' }
        : { mode: 'form' as const, message: forms[what]!.message, requestedSchema: forms[what]!.requestedSchema }
    const answer = await running.client.request<acp.CreateElicitationResponse>('elicitation/create', {
      sessionId: running.sessionId,
      ...asked,
    })
    const given = 'content' in answer && answer.content ? ` ${JSON.stringify(answer.content)}` : ''
    await say(running, `You said ${answer.action}.${given} `)
  },
  'call-tool': (rest, running) => callTool(rest, running),
  model: askModel,
  'wait-for-cancel': (_, running) => untilCancelled(running),
  'sleep-until-cancelled': (_, running) => untilCancelled(running),
  'ignore-cancel': () => new Promise(() => void setInterval(() => {}, 60_000)),
  'wait-for-file': async (rest, running) => {
    while (!existsSync(resolve(running.cwd, rest)) && !running.cancelled.aborted) await delay(10)
    if (running.cancelled.aborted) running.stopReason = 'cancelled'
  },
  crash: async (rest, running) => {
    await running.client.notify('session/update', {
      sessionId: running.sessionId,
      update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'Last words. ' } },
    })
    process.stderr.write(`scripted crash${rest ? `: ${rest}` : ''}\n`, () => process.exit(7))
    await new Promise(() => {})
  },
  fail: (rest) => {
    throw new acp.RequestError(Number(rest) || -32603, 'scripted failure', { why: 'the script says so' })
  },
  refuse: (_, running) => void (running.stopReason = 'refusal'),
  garbage: () => void process.stdout.write('this is no JSON\n'),
  silence: () => {},
  'unknown-update': (_, running) => update(running, { sessionUpdate: 'brand_new_thing', payload: { answer: 42 } }),
  'malformed-update': (_, running) => update(running, { sessionUpdate: 'tool_call', toolCallId: 7, title: null }),
  'spawn-grandchild': async (_, running) => {
    const child = spawn('/bin/sleep', ['86400'], { detached: true, stdio: 'ignore' })
    child.unref()
    await say(running, `grandchild ${child.pid} `)
  },
  flood: async (rest, running) => {
    for (let at = 0; at < (Number(rest) || 1_000); at += 1) {
      await update(running, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: `${at} ` } })
      running.reply += `${at} `
    }
  },
  stream: async (rest, running) => {
    const [name = '', count, everyMs] = rest.split(' ')
    note(`begin ${name}`)
    for (let at = 0; at < Number(count) && !running.cancelled.aborted; at += 1) {
      note(`say ${name} ${at}`)
      await say(running, `${at} `)
      // Said is what stands in the pipe: what waits in here would die with us.
      while (process.stdout.writableLength > 0) await delay(1)
      await delay(Number(everyMs))
    }
    if (!running.cancelled.aborted) note(`end ${name}`)
  },
  clock: async (rest, running) => {
    const [count = 0, everyMs = 20] = rest.split(' ').map(Number)
    const startedAt = performance.now()
    for (let at = 0; at < count && !running.cancelled.aborted; at += 1) {
      // By the clock and not by pauses, which add up under load.
      await delay(Math.max(0, startedAt + at * everyMs - performance.now()))
      const now = (performance.timeOrigin + performance.now()).toFixed(1)
      const text = `${now}${at % 30 === 29 ? '.\n\n' : ' '}`
      await update(running, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } })
      running.reply += text
    }
  },
  tokens: (rest, running) => {
    const [inputTokens = 0, outputTokens = 0, cachedReadTokens = 0] = rest.split(/\s+/).map(Number)
    running.usage = { totalTokens: inputTokens + outputTokens + cachedReadTokens, inputTokens, outputTokens, cachedReadTokens }
  },
  usage: (rest, running) => {
    const [used = 0, size = 0] = rest.split(' ').map(Number)
    return update(running, { sessionUpdate: 'usage_update', used, size })
  },
  title: (rest, running) => update(running, { sessionUpdate: 'session_info_update', title: rest }),
  mode: async (rest, running) => {
    mode = rest
    await update(running, { sessionUpdate: 'current_mode_update', currentModeId: rest })
  },
  habit: (rest) => appendFileSync(habitsFile, `${rest}\n`),
  env: (rest, running) => say(running, `${rest}=${process.env[rest] ?? 'unset'} `),
  whoami: (_, running) => say(running, `uid ${process.getuid?.()} pid ${process.pid} cwd ${process.cwd()} `),
  read: (rest, running) => {
    try {
      return say(running, `read: ${readFileSync(rest, 'latin1').slice(0, 200)} `)
    } catch (error) {
      return say(running, `refused: ${(error as NodeJS.ErrnoException).code} `)
    }
  },
  dial: async (rest, running) => {
    const [host = '127.0.0.1', port = '80'] = rest.split(' ')
    const word = await new Promise<string>((done) => {
      const socket = connect({ host, port: Number(port), timeout: 3_000 }, () => done('connected'))
      socket.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'error')).on('timeout', () => done('timeout'))
    })
    await say(running, `dial: ${word} `)
  },
}

/** Prose: everything that people like to see once, and an answer of the model where there is one. */
async function show(prompt: string, running: Running): Promise<void> {
  await say(running, 'First I look at what is there, then I write it down.', 'agent_thought_chunk')
  await commands['plan']!('Look around; Write the greeting; Tell the team', running)
  await writeTool(running, 'greeting.md', `# Greeting\n\nHello, team.\n\n> ${prompt.split('\n')[0]}\n`)
  if (process.env['SCRIPTED_BASE_URL']) await askModel(prompt, running)
  else await say(running, 'I wrote **greeting.md** for you.')
}

async function run(prompt: string, running: Running): Promise<void> {
  for (const line of prompt
    .split('\n')
    .map((each) => each.trim())
    .filter(Boolean)) {
    if (running.stopReason !== 'end_turn') return
    const [, verb = '', rest = ''] = /^([a-z-]+)(?::|\s|$)\s*([\s\S]*)$/.exec(line) ?? []
    const command = commands[verb]
    if (!command) return show(prompt, running)
    await command(rest, running)
    if (running.cancelled.aborted) running.stopReason = 'cancelled'
  }
}

// --- the model -----------------------------------------------------------------------------------------------

const requests: Record<string, (prompt: string) => { path: string; body: object }> = {
  'anthropic-messages': (prompt) => ({
    path: '/v1/messages',
    body: { model, max_tokens: 1_000, stream: true, messages: [{ role: 'user', content: prompt }] },
  }),
  'openai-chat': (prompt) => ({ path: '/chat/completions', body: { model, stream: true, messages: [{ role: 'user', content: prompt }] } }),
  'openai-responses': (prompt) => ({
    path: '/responses',
    body: { model, stream: true, input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: prompt }] }] },
  }),
}

async function askModel(prompt: string, running: Running): Promise<void> {
  const { path, body } = requests[process.env['SCRIPTED_DIALECT'] ?? 'openai-responses']!(prompt)
  const answer = await fetch(`${process.env['SCRIPTED_BASE_URL']}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${process.env['SCRIPTED_KEY']}`,
      'anthropic-version': '2023-06-01',
    },
    body: JSON.stringify(body),
    signal: running.cancelled,
  }).catch((error: Error) => error)
  if (answer instanceof Error) {
    if (running.cancelled.aborted) running.stopReason = 'cancelled'
    else await say(running, `The model could not be reached: ${answer.message}`)
    return
  }
  // As some real agents do: the failure becomes an ordinary reply of a turn that "ends well".
  if (!answer.ok || !answer.body) return say(running, `The model answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
  try {
    for await (const text of textOf(answer.body)) {
      await update(running, { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } })
      running.reply += text
    }
  } catch (error) {
    if (!running.cancelled.aborted) throw error
    running.stopReason = 'cancelled'
  }
}

async function* textOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let waiting = ''
  for await (const piece of body.pipeThrough(new TextDecoderStream() as unknown as ReadableWritablePair<string, Uint8Array>)) {
    waiting += piece
    const lines = waiting.split('\n')
    waiting = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue
      const event = JSON.parse(line.slice(6)) as {
        type?: string
        delta?: string | { text?: string }
        choices?: { delta?: { content?: string } }[]
      }
      const { delta } = event
      const text =
        event.type === 'response.output_text.delta' && typeof delta === 'string'
          ? delta
          : typeof delta === 'object'
            ? delta.text
            : event.choices?.[0]?.delta?.content
      if (text) yield text
    }
  }
}

// --- the protocol ----------------------------------------------------------------------------------------------

acp
  .agent({ name: 'scripted' })
  .onRequest('initialize', () => ({
    protocolVersion: acp.PROTOCOL_VERSION,
    agentInfo: { name: 'scripted', version: '1' },
    agentCapabilities: { loadSession: true, ...(habits.has('no-resume') ? {} : { sessionCapabilities: { resume: {} } }) },
  }))
  .onRequest('session/new', ({ params }) => {
    mcpServers = params.mcpServers
    const sessionId = `scripted-${Object.keys(sessions).length + 1}`
    sessions[sessionId] = { cwd: params.cwd, turns: [] }
    save()
    return { sessionId, ...offer() }
  })
  .onRequest('session/resume', ({ params }) => {
    mcpServers = params.mcpServers ?? []
    known(params.sessionId)
    return offer()
  })
  .onRequest('session/load', async ({ params, client }) => {
    mcpServers = params.mcpServers
    const { sessionId } = params
    const { turns } = known(sessionId)
    const replay = async (): Promise<void> => {
      for (const [at, { prompt, reply }] of turns.entries()) {
        for (const [sessionUpdate, text] of [
          ['user_message_chunk', prompt],
          ['agent_message_chunk', reply],
        ] as const) {
          const update = { sessionUpdate, messageId: `${sessionUpdate} ${at}`, content: { type: 'text' as const, text } }
          await client.notify('session/update', { sessionId, update })
        }
      }
    }
    if (habits.has('late-replay')) setTimeout(() => void replay(), 50)
    else await replay()
    return offer()
  })
  .onRequest('session/set_mode', async ({ params }) => {
    await choose()
    mode = params.modeId
    return {}
  })
  .onRequest('session/set_config_option', async ({ params }) => {
    await choose()
    if (params.configId !== 'model' || typeof params.value !== 'string') throw acp.RequestError.invalidParams(params)
    model = params.value
    return { configOptions: offer().configOptions }
  })
  .onNotification('session/cancel', ({ params }) => cancels.get(params.sessionId)?.abort())
  .onRequest('session/prompt', async ({ params, client }) => {
    const { sessionId } = params
    const session = known(sessionId)
    const cancel = new AbortController()
    cancels.set(sessionId, cancel)
    const running: Running = { sessionId, cwd: session.cwd, client, cancelled: cancel.signal, reply: '', count: 0, stopReason: 'end_turn' }
    const prompt = params.prompt.map((block) => (block.type === 'text' ? block.text : '')).join('\n')
    await run(prompt, running)
    session.turns.push({ prompt, reply: running.reply })
    save()
    return {
      stopReason: running.stopReason,
      ...(running.usage && { usage: running.usage, _meta: { quota: { model_usage: [{ model }] } } }),
    }
  })
  .connect(
    acp.ndJsonStream(
      Writable.toWeb(process.stdout) as WritableStream<Uint8Array>,
      Readable.toWeb(process.stdin) as unknown as ReadableStream<Uint8Array>,
    ),
  )
  .closed.then(
    () => process.exit(0),
    () => process.exit(0),
  )
