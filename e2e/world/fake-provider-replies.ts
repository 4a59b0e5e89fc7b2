/** What the fake model says to people who look at the demo. */

export const shortReply = (prompt: string): string =>
  `You said: “${prompt.split('\n')[0]!.slice(0, 120)}”. I am a scripted model, so I keep it short. ` +
  'Ask me for a **plan**, a **diff** or a **long** answer to see more.'

export const longReply = `# How a prompt travels

A prompt goes from the browser to the log, from the log to the agent, and back as facts.

## The stations

| Station | Where | What it promises |
|---|---|---|
| Composer | browser | nothing is lost while it is typed |
| Log | PostgreSQL | one order for everybody |
| Daemon | a node | at most once to the agent |
| Proxy | server | the key stays here |

## In code

\`\`\`ts
/** The nearest scope wins; anything but absence ends the search. */
for (const scope of ['project', 'user', 'platform'] as const) {
  const found = attachments.find((each) => each.scope === scope)
  if (found) return whyUnusable(found) ?? found
}
\`\`\`

## What to remember

1. **One writer.** Only the append gives out numbers.
2. **One fold.** Server and browser see the same chat, because they run the same function.
3. **No key travels.** What an agent holds opens nothing but its own run's proxy.

> A cancelled prompt is not a new one, and a recovered session is not a failed one.

- [x] The log is committed before anybody sees it
- [x] A reload repeats nothing
- [ ] This list is finished

That is the whole way, there and back.
`
