/**
 * Answers real harnesses sensibly, each with its own tools, so that one prompt makes
 * Codex, Claude Code and OpenCode do the same thing. What a prompt says decides:
 *
 * | prompt | what the "model" does |
 * |---|---|
 * | `write <path>: <content>` | writes that file with the harness's own tool, then says so |
 * | `edit <path>: <old> => <new>` | replaces text in that file (shows as a diff) |
 * | `run: <command>` | runs it in the harness's shell |
 * | `tool <name>: <json>` | calls that tool of our MCP server, and says what it answered |
 * | `say: <text>` | says exactly that, without a tool |
 * | `stall: <text>` | says that, and then nothing more, however long it is listened to |
 * | `think: <text>` | thinks first, then says it |
 * | `fail: <status>` | answers with that status (`fail: garbage`, `fail: cut`, `fail: hang` too) |
 * | … plan …, … diff …, … long … | shows for people: a to-do list, an edit, a long Markdown reply |
 * | anything else | first prompt: writes `hello.txt`; later ones: a short answer |
 *
 * A prompt becomes *rounds*: round n is what the model says after n tool results. So the
 * brain keeps no state, and a resumed, repeated or forked conversation gets the same answers.
 */
import {
  type Ask,
  cut,
  error,
  garbage,
  hang,
  type Scene,
  stopShort,
  text,
  thought,
  toolCall,
  type Step,
} from '#e2e/world/fake-provider-scene.ts'
import { longReply, shortReply } from '#e2e/world/fake-provider-replies.ts'

export function brain(ask: Ask): Scene {
  if (ask.schema !== null) return [text(JSON.stringify({ title: titleOf(ask) }))]
  if (isTitleRequest(ask)) return [text(titleOf(ask))]
  // Claude Code asks behind a finished turn what the person may type next.
  if (newestPrompt(ask).startsWith('[SUGGESTION MODE')) return [text('try it out')]
  const rounds = roundsFor(ask, newestPrompt(ask))
  return rounds[Math.min(ask.results.length, rounds.length - 1)]!
}

/** OpenCode asks for titles in plain text; Codex and Claude Code with a schema. */
const isTitleRequest = (ask: Ask) => ask.tools.size === 0 && /title generator|generate a (brief |short )?title/i.test(ask.system)

/** The prompt that a title is for stands inside the harness's own words. */
const titleOf = (ask: Ask): string => {
  const prompt = newestPrompt(ask)
  const quoted = /<session>\s*([\s\S]*?)\s*<\/session>/.exec(prompt) ?? /first message:\s*([\s\S]*)$/.exec(prompt)
  const words = (quoted?.[1] ?? prompt).replaceAll(/\s+/g, ' ').trim().split(' ').slice(0, 5).join(' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

const newestPrompt = (ask: Ask) => ask.prompts.at(-1)?.trim() ?? ''

function roundsFor(ask: Ask, prompt: string): Scene[] {
  const tools = toolbox(ask)
  const directive = /^(write|edit|run|tool|say|stall|think|fail)\b\s*([^:\n]*):\s*([\s\S]*)$/i.exec(prompt)
  if (directive) {
    const [, verb = '', about = '', rest = ''] = directive
    switch (verb.toLowerCase()) {
      case 'write':
        return [
          [text(`I will write \`${about.trim()}\`.`), tools.write(about.trim(), rest)],
          [finish(ask, `Done: \`${about.trim()}\` is written.`)],
        ]
      case 'edit': {
        const [before = '', after = ''] = rest.split(/\s*=>\s*/)
        const path = about.trim()
        return [
          // Claude Code and OpenCode refuse to edit what they have not read.
          ...(tools.read ? [[tools.read(path)]] : []),
          [tools.edit(path, before, after)],
          [finish(ask, `Done: \`${path}\` is changed.`)],
        ]
      }
      case 'run':
        return [
          [tools.run(rest.trim())],
          [finish(ask, `The command ended. Its output:\n\n\`\`\`\n${(ask.results.at(-1) ?? '').slice(0, 2_000)}\n\`\`\``)],
        ]
      case 'tool': {
        const name = about.trim()
        return [
          // Claude Code shows the tools of servers by name alone until they are looked up.
          ...(tools.findTool ? [[tools.findTool(name)]] : []),
          [tools.ofGatehouse(name, JSON.parse(rest) as Record<string, unknown>)],
          [finish(ask, `The tool answered: ${(ask.results.at(-1) ?? '').slice(0, 2_000)}`)],
        ]
      }
      case 'say':
        return [[text(rest)]]
      case 'stall':
        return [[text(rest), hang()]]
      case 'think':
        return [[thought('Let me think about that for a moment.'), text(rest)]]
      default:
        return [failing(rest.trim())]
    }
  }
  if (/\bplan\b/i.test(prompt)) return planRounds(ask, tools)
  if (/\b(diff|edit|change)\b/i.test(prompt)) return editRounds(ask, tools)
  if (/\blong\b/i.test(prompt)) return [[thought('A long answer is wanted: headings, a table, code.'), text(longReply)]]
  if (ask.prompts.length > 1) return [[text(shortReply(prompt))]]
  return [
    [text('I will write that down in a file.'), tools.write('hello.txt', `Hello from the model.\nYou asked: ${firstLine(prompt)}\n`)],
    [finish(ask, 'Done: `hello.txt` is written.')],
  ]
}

const failing = (how: string): Scene => {
  if (how === 'garbage') return [garbage()]
  if (how === 'hang') return [hang()]
  if (how === 'cut') return [text('This is where the line breaks'), cut()]
  if (how === 'short') return [text('This is where the answer stops'), stopShort()]
  return [error(Number(how) || 500, { message: `The provider was told to answer ${how}.` })]
}

function planRounds(ask: Ask, tools: Toolbox): Scene[] {
  const steps = ['Look at what is there', 'Write the greeting', 'Check the result']
  const write: Scene = [tools.write('greeting.md', '# Greeting\n\nHello, team.\n')]
  const done: Scene = [finish(ask, `The plan is carried out:\n\n${steps.map((step) => `- [x] ${step}`).join('\n')}`)]
  const { plan } = tools
  if (!plan) return [[text(`Here is the plan:\n\n${steps.map((step, index) => `${index + 1}. ${step}`).join('\n')}\n`), ...write], done]
  return [[thought('Three steps will do.'), plan(steps, 1)], write, [plan(steps, 3)], done]
}

function editRounds(ask: Ask, tools: Toolbox): Scene[] {
  const before = 'export function greet(name) {\n  return "Hello " + name\n}\n'
  const path = 'greet.js'
  return [
    [text('First the file as it was, then the change.'), tools.write(path, before)],
    [tools.edit(path, '  return "Hello " + name', '  return `Hello, ${name}!`')],
    [finish(ask, `\`${path}\` now uses a template literal:\n\n\`\`\`js\nreturn \`Hello, \${name}!\`\n\`\`\``)],
  ]
}

/** A person may have refused the call; saying "done" then would be a lie that a test could not see. */
const finish = (ask: Ask, words: string): Step => {
  const result = ask.results.at(-1) ?? ''
  return text(
    /doesn't want to proceed|user rejected|rejected permission|refused/i.test(result) ? 'You refused that, so I left it alone.' : words,
  )
}

const firstLine = (words: string) => words.split('\n')[0]!.slice(0, 200)

// --- each harness's own tools ------------------------------------------------------------------------------

type Toolbox = {
  write(path: string, content: string): Step
  edit(path: string, before: string, after: string): Step
  run(command: string): Step
  /** A tool of our MCP server, as the harness names it. */
  ofGatehouse(name: string, input: Record<string, unknown>): Step
  /** Where such a tool must be looked up before it can be called. */
  findTool?: (name: string) => Step
  /** Where a file must be read before it may be edited. */
  read?: (path: string) => Step
  /** The first `done` steps are finished. */
  plan?: (steps: readonly string[], done: number) => Step
}

function toolbox(ask: Ask): Toolbox {
  if (ask.tools.has('exec')) return codexTools
  if (ask.tools.has('Write')) return claudeTools(ask)
  if (ask.tools.has('write') || ask.tools.has('apply_patch')) return opencodeTools(ask)
  return noTools
}

const noTools: Toolbox = {
  write: (path) => text(`I have no tool that could write ${path}.`),
  edit: (path) => text(`I have no tool that could edit ${path}.`),
  run: (command) => text(`I have no tool that could run ${command}.`),
  ofGatehouse: (name) => text(`I have no tool ${name}.`),
}

const lines = (content: string) => content.replace(/\n$/, '').split('\n')
const addFile = (path: string, content: string) =>
  ['*** Begin Patch', `*** Add File: ${path}`, ...lines(content).map((line) => `+${line}`), '*** End Patch'].join('\n')
const updateFile = (path: string, before: string, after: string) =>
  [
    '*** Begin Patch',
    `*** Update File: ${path}`,
    '@@',
    ...lines(before).map((line) => `-${line}`),
    ...lines(after).map((line) => `+${line}`),
    '*** End Patch',
  ].join('\n')

/** Codex writes JavaScript for its `exec` tool; a nested tool's result must be handed to `text` to be seen. */
const codexCall = (call: string) => toolCall('exec', `const result = await tools.${call};\ntext(result);\n`)
const codexTools: Toolbox = {
  write: (path, content) => codexCall(`apply_patch(${JSON.stringify(addFile(path, content))})`),
  edit: (path, before, after) => codexCall(`apply_patch(${JSON.stringify(updateFile(path, before, after))})`),
  run: (command) => codexCall(`exec_command(${JSON.stringify({ cmd: command })})`),
  ofGatehouse: (name, input) => codexCall(`mcp__gatehouse__${name}(${JSON.stringify(input)})`),
}

/** Claude Code and OpenCode want absolute paths; both name the working directory in their own words. */
const absolute = (ask: Ask, path: string) => {
  if (path.startsWith('/')) return path
  const directory = /working directory: *(\S+)/i.exec(ask.system)?.[1] ?? '.'
  return `${directory}/${path}`
}

const claudeTools = (ask: Ask): Toolbox => ({
  write: (path, content) => toolCall('Write', { file_path: absolute(ask, path), content }),
  edit: (path, before, after) => toolCall('Edit', { file_path: absolute(ask, path), old_string: before, new_string: after }),
  run: (command) => toolCall('Bash', { command, description: 'Run what was asked for' }),
  ofGatehouse: (name, input) => toolCall(`mcp__gatehouse__${name}`, input),
  ...(ask.tools.has('ToolSearch') && {
    findTool: (name: string) => toolCall('ToolSearch', { query: `select:mcp__gatehouse__${name}`, max_results: 5 }),
  }),
  read: (path) => toolCall('Read', { file_path: absolute(ask, path) }),
  ...(ask.tools.has('TodoWrite') && {
    plan: (steps: readonly string[], done: number) =>
      toolCall('TodoWrite', { todos: todos(steps, done).map(({ content, status }) => ({ content, status, activeForm: content })) }),
  }),
})

/** With a GPT model OpenCode offers `apply_patch` in place of `write` and `edit`. */
const opencodeTools = (ask: Ask): Toolbox => ({
  ...(ask.tools.has('write')
    ? {
        write: (path: string, content: string) => toolCall('write', { filePath: absolute(ask, path), content }),
        edit: (path: string, oldString: string, newString: string) =>
          toolCall('edit', { filePath: absolute(ask, path), oldString, newString }),
        read: (path: string) => toolCall('read', { filePath: absolute(ask, path) }),
      }
    : {
        write: (path: string, content: string) => toolCall('apply_patch', { patchText: addFile(path, content) }),
        edit: (path: string, before: string, after: string) => toolCall('apply_patch', { patchText: updateFile(path, before, after) }),
      }),
  run: (command) => toolCall('bash', { command, description: 'Run what was asked for' }),
  ofGatehouse: (name, input) => toolCall(`gatehouse_${name}`, input),
  ...(ask.tools.has('todowrite') && {
    plan: (steps: readonly string[], done: number) =>
      toolCall('todowrite', { todos: todos(steps, done).map((each, index) => ({ ...each, id: `${index + 1}`, priority: 'medium' })) }),
  }),
})

const todos = (steps: readonly string[], done: number) =>
  steps.map((content, index) => ({ content, status: index < done ? 'completed' : index === done ? 'in_progress' : 'pending' }))
