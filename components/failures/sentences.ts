/**
 * What people read when something fails: one sentence per code and the words of its
 * recovery. The record is exhaustive, so a new code without a sentence does not compile.
 * Facts are optional everywhere: a sentence reads well without any.
 * Who shows them: `failure-notice.tsx`, the chat, and every form.
 */
import { failures, type FailureCode, type FailureFacts, type Recovery } from '#core/errors.ts'
import { harnessName } from '#core/harnesses/registry.ts'
import { budgetFacts, sayBusy, sayExhausted } from '#core/budgets/budget.ts'
import { CUSTOM_PROVIDER, providerName } from '#core/providers/presets.ts'
import { credentialProblem, repositoryReason, upstreamReason } from '#components/failures/reasons.ts'

type Say = (facts: FailureFacts) => string

const sentences: Readonly<Record<FailureCode, Say>> = {
  'session.missing': () => 'You are signed out. Sign in to go on.',
  'request.invalid': (facts) => ownWords(facts) ?? 'Something in what you entered cannot be used.',
  'request.too-many': () => 'That was too often in too short a time. Wait a minute, then try again.',
  'access.denied': () => 'Your role does not allow this. A team admin can do it, or change your role.',
  'setup.closed': () => 'This Gatehouse is already set up. Sign in instead.',
  'setup.code-wrong': () => 'This set-up code is not right, or was used before. The console of the server shows the current one.',
  'team.missing': () => 'This team does not exist, or you are not a member of it.',
  'team.last-admin': () => 'A team needs at least one admin. Make somebody else an admin first.',
  'member.missing': () => 'This person is not a member of the team any more.',
  'invitation.unusable': () => 'This invitation was used, withdrawn, or is older than 72 hours. Ask for a new one.',
  'invitation.other-email': (facts) =>
    `This invitation is for ${text(facts, 'email') ?? 'another e-mail address'}. Sign in with that address.`,
  'token.missing': () => 'This token was already revoked.',
  'project.missing': () => 'This project does not exist, or you may not see it.',
  'repository.unusable': (facts) =>
    repositoryReason(facts['reason']) ??
    'This repository address cannot be used. Enter an https address or a local path that git can clone.',
  'repository.clone-failed': (facts) =>
    `The repository${named(facts, 'repository')} could not be cloned. Check its address and that it may be read.`,

  'connection.missing': (facts) => `${harness(facts)} has no connection here. Connect a credential to use it.`,
  'connection.disabled': (facts) => `The connection of ${harness(facts)} is switched off. Enable it, or connect another credential.`,
  'connection.broken': (facts) => `The credential of ${harness(facts)} no longer works. Replace it with a valid one.`,
  'connection.unreadable': (facts) =>
    `The stored credential of ${harness(facts)} cannot be read with this server's master key. Connect it again.`,
  'connection.refused-by-harness': (facts) => `${harness(facts)} cannot use this kind of credential. Choose one that it takes.`,
  'connection.not-yours': (facts) =>
    `This chat runs on ${text(facts, 'ownerName') ?? 'somebody'}’s personal credential, so only they may prompt it. Connect your own and start a chat, or use a shared connection.`,
  'credential.malformed': (facts) =>
    facts['problem'] === 'other-provider'
      ? `This is a key of ${providerName(text(facts, 'owner') ?? '')}. Choose that provider, or paste another key.`
      : (credentialProblem(facts['problem']) ??
        `This does not look like a credential${of(facts, provider)}. Paste it whole, without quotes.`),
  'credential.refused': (facts) => `${provider(facts) ?? 'The provider'} refuses this key. Check that it is whole and still active.`,
  'credential.missing': () => 'This credential does not exist, or is not yours to see.',
  'credential.in-use': () => 'A configuration still uses this credential. Detach and delete that first, or replace the secret.',
  'configuration.missing': () => 'This configuration does not exist, or is not yours to see.',
  'configuration.in-use': () => 'This configuration is still attached. Detach it first.',
  'attachment.place-taken': (facts) =>
    `Another configuration of ${harness(facts)} is attached there already. Detach it first, or replace it.`,
  'primitive.id-taken': () => 'This id is taken. Choose another, or leave it empty.',
  'undo.too-late': () => 'It is too late to undo this: the credential is destroyed, or its place is taken. Connect it again.',
  'login.expired': (facts) => `The login of ${harness(facts)} has expired. Sign in again to go on.`,
  'login.elsewhere': (facts) =>
    `The login of ${harness(facts)} was renewed elsewhere, so this copy no longer opens anything. Sign in again, for Gatehouse alone.`,
  'login.lost': (facts) => `${harness(facts)} has signed itself out. Sign in again to go on.`,
  'login.refused': (facts) =>
    `The vendor refuses the login of ${harness(facts)}: it is not whole, was revoked, or its account is closed. Sign in again to go on.`,
  'login.other-account': () =>
    'This login belongs to another account than the one that is connected. Replace the connection to change accounts.',
  'login.wider-scope': () => 'This login may do more than the one that is connected. Replace the connection to allow that.',
  'login.in-use': (facts) =>
    `Another chat works on this login of ${harness(facts)}, and it serves one at a time. This prompt waits until that one rests.`,
  'sign-in.missing': () => 'This sign-in is over. Start it again.',
  'sign-in.failed': (facts) => `${harness(facts)} could not sign in. Try again, or paste the login instead.`,
  'sign-in.too-late': () => 'Nobody confirmed the code in time. Start the sign-in again.',
  'upstream.unsafe': (facts) =>
    upstreamReason(facts['reason'], text(facts, 'host') ?? provider(facts) ?? 'This address') ??
    `${text(facts, 'host') ?? 'This address'} is not a public https address. The instance owner can allow private ones in GATEHOUSE_PRIVATE_UPSTREAMS.`,

  'harness.unknown': () => 'This coding agent is not known here. Choose another.',
  'harness.not-installed': (facts) =>
    `${harness(facts)} is not installed on the node yet. It installs before the first chat; you can start it on the Nodes page.`,
  'harness.install-failed': (facts) => `${harness(facts)} could not be installed on the node. Try again; the details say why.`,
  'harness.start-failed': (facts) => `${harness(facts)} did not start. Nothing was lost; send the prompt again.`,
  'model.none': (facts) => `None of the models${of(facts, provider)} is allowed here. An admin can allow some under Models.`,
  'model.unknown': (facts) => `The model${named(facts, 'model')} is not in the catalog. Choose another.`,
  'model.retired': (facts) =>
    text(facts, 'successor')
      ? `The model${named(facts, 'model')} was retired. ${text(facts, 'successor')} succeeds it.`
      : `The model${named(facts, 'model')} was retired. Choose another.`,
  'model.not-allowed': (facts) =>
    `The model${named(facts, 'model')} is not among those that your team and this connection allow. Choose another, or ask an admin to allow it under Models.`,
  'model.unpriced': (facts) =>
    `Nobody has set a price for${named(facts, 'model') || ' this model'}, and your team uses no model without one. Choose another, or ask an admin to price it under Models.`,
  'node.missing': () => 'This node was removed.',
  'node.offline': (facts) =>
    `${text(facts, 'node', 'nodeName', 'name') ?? 'The node'} is offline. The chat goes on by itself once it is back.`,
  'node.join-token-unusable': () => 'This join token was used or is older than 15 minutes. Make a new one on the Nodes page.',
  'sandbox.unavailable': () => 'This node cannot isolate agents, so it refuses to run them. The Nodes page says what it lacks.',

  'budget.missing': () => 'This budget was removed.',
  'budget.exhausted': (facts) => said(budgetFacts(facts), sayExhausted) ?? 'A budget is spent. An admin can raise it.',
  'budget.busy': (facts) =>
    said(budgetFacts(facts), sayBusy) ?? 'A budget is reserved to its end by requests under way. Send the prompt again once they are done.',
  'usage.unrecorded': () =>
    'Gatehouse could not write down what this request uses, so nothing was answered. Send the prompt again in a moment.',

  'chat.missing': () => 'This chat does not exist, or you may not see it.',
  'chat.archived': () => 'This chat is archived, so it takes no prompts.',
  'chat.busy': () => 'The agent is at work here. Take the chat over once its turn has ended.',
  'chat.handed-over': (facts) =>
    `This chat was handed over, so others have prepared its workspace and it runs on no login of ${harness(facts)}. Connect an API key, or fork the chat.`,
  'chat.not-offered': () => 'This chat is not offered to you any more.',
  'turn.missing': () => 'This prompt is gone.',
  'turn.not-queued': () => 'This prompt has already reached the agent, so it cannot be changed.',
  'turn.nothing-to-cancel': () => 'Nothing is running, so there is nothing to stop.',
  'turn.id-taken': () => 'This prompt clashed with another one. Send it again.',
  'prompt.too-large': () => 'This prompt is too long. Shorten it, or put the text into a file of the project.',
  'permission.missing': () => 'This question is gone.',
  'permission.already-answered': (facts) =>
    text(facts, 'rule')
      ? `A rule of the project has answered this already: ${text(facts, 'rule')}.`
      : `${text(facts, 'byName', 'name') ?? 'Somebody'} was faster and has answered this already.`,
  'mcp-server.missing': () => 'This MCP server is not here any more.',
  'mcp-server.name-taken': (facts) => `The project has an MCP server of the name “${String(facts['name'] ?? '')}” already.`,
  'mcp-server.too-many': () => 'The project has as many MCP servers as it may have. Remove one first.',
  'elicitation.invalid': () => 'Some answers are not as the agent asked for them.',
  'question.missing': () => 'This question is gone: its turn has ended.',
  'question.already-answered': (facts) =>
    typeof facts['byName'] === 'string' ? `${facts['byName']} was faster and answered this.` : 'Somebody was faster and answered this.',
  'question.too-many': () => 'Too many questions of this agent wait already.',
  'permission.option-unknown': () => 'The agent does not offer this answer.',

  'task.missing': () => 'This task does not exist, or you may not see it.',
  'task.busy': () => 'An agent is at this task already. Stop it in its chat first, or wait until it ends.',
  'task.closed': () => 'This task is closed. Reopen it first.',
  'task.changed': () => 'Somebody else changed this task before its agent was started. Read it, then start it.',
  'comment.missing': () => 'This comment was removed already.',
  'template.missing': () => 'This template was removed, or you may not see it.',
  'template.changed': () => 'Somebody else changed what its agent is told. Read the template, then switch it on: it acts for whoever does.',
  'trigger.missing': () => 'This schedule or webhook was removed, or you may not see it.',
  'trigger.unsigned': () => 'This request is not signed as it should be, or came too late.',

  'agent.crashed': (facts) => `${harness(facts)} stopped unexpectedly. What it wrote is kept; send the prompt again to go on.`,
  'agent.protocol-error': (facts) =>
    `${harness(facts)} said something that we do not understand, so the turn was ended. Send the prompt again.`,
  'agent.signed-out': (facts) => `The login of ${harness(facts)} has expired. Sign in with it again and replace the credential.`,
  'provider.refused-key': (facts) => `${provider(facts) ?? 'The provider'} refuses the key of this connection. Replace it.`,
  'provider.out-of-quota': (facts) =>
    `${provider(facts) ?? 'The provider'} says that the limit of this key is reached. Wait, or raise the limit there.`,
  'provider.failed': (facts) =>
    `${provider(facts) ?? 'The provider'} had a failure of its own${status(facts)}. Send the prompt again in a moment.`,
  'provider.unreachable': (facts) =>
    `${provider(facts) ?? 'The provider'} could not be reached. Check the address and the network, then send again.`,
  'provider.garbled': (facts) => `${provider(facts) ?? 'The provider'} answered with something unreadable. Send the prompt again.`,
  'provider.rejected-request': (facts) =>
    `${provider(facts) ?? 'The provider'} rejected the request${status(facts)}. Another model often helps.`,
}

/** What a button says for each recovery; null where nothing can be done but read. */
const labels: Readonly<Record<Recovery, string | null>> = {
  connect: 'Connect',
  enable: 'Open connections',
  replace: 'Replace the credential',
  'choose-another': 'Open connections',
  'choose-model': 'Choose a model',
  retry: 'Try again',
  'send-again': 'Send again',
  wait: null,
  'sign-in': 'Sign in',
  'ask-admin': 'See who is admin',
  'check-input': null,
  none: null,
}

/** Failures whose mending has a page of its own, whatever their recovery is called. */
const mendedElsewhere: Readonly<Partial<Record<FailureCode, { label: string; href: string }>>> = {
  'harness.not-installed': { label: 'Open nodes', href: '/nodes' },
  'sandbox.unavailable': { label: 'Open nodes', href: '/nodes' },
  'model.none': { label: 'Open models', href: '/models' },
  'project.missing': { label: 'Go home', href: '/' },
  'chat.missing': { label: 'Go home', href: '/' },
}

/** Where a recovery happens, when it happens on a page of its own. */
function placeOf(recovery: Recovery, place: { projectId?: string | null; harness?: string | null }): string | null {
  if (recovery === 'sign-in') return '/sign-in'
  if (recovery === 'ask-admin') return '/team'
  if (recovery !== 'connect' && recovery !== 'enable' && recovery !== 'replace' && recovery !== 'choose-another') return null
  const query = place.harness ? `${place.projectId ? '&' : '?'}harness=${encodeURIComponent(place.harness)}` : ''
  return place.projectId ? `/projects/${encodeURIComponent(place.projectId)}?tab=connections${query}` : `/connections${query}`
}

export type FailureWords = {
  sentence: string
  recovery: Recovery
  /** The words on the button, null when there is no act. */
  label: string | null
  /** The page of the act; null when the screen itself does it (retry, send again, choose a model). */
  href: string | null
}

/** The words for a failure: `projectId` leads the recovery to that project's connections. */
export function failureWords(
  code: FailureCode,
  facts: FailureFacts = {},
  place: { projectId?: string | null; harness?: string | null } = {},
): FailureWords {
  const recovery = failures[code].recovery
  const elsewhere = mendedElsewhere[code]
  return {
    sentence: sentences[code](facts),
    recovery,
    label: elsewhere?.label ?? labels[recovery],
    href: elsewhere?.href ?? placeOf(recovery, { harness: text(facts, 'harness'), ...place }),
  }
}

function text(facts: FailureFacts, ...names: string[]): string | null {
  for (const name of names) {
    const fact = facts[name]
    if (typeof fact === 'string' && fact !== '') return fact
  }
  return null
}

const said = <T>(facts: T | null, say: (facts: T) => string) => facts && say(facts)

/** A problem that the server put in a sentence; what a schema says is for Details. */
function ownWords(facts: FailureFacts): string | null {
  const problem = text(facts, 'problem')
  return problem && /^[A-Z].*[.]$/.test(problem) ? problem : null
}

const named = (facts: FailureFacts, ...names: string[]) => {
  const name = text(facts, ...names)
  return name ? ` ${name}` : ''
}

const harness = (facts: FailureFacts) =>
  text(facts, 'harnessName') ?? (text(facts, 'harness') ? harnessName(text(facts, 'harness')!) : 'The agent')

/** A server of one's own has no name but its address. */
const provider = (facts: FailureFacts) => {
  const id = text(facts, 'provider')
  return text(facts, 'providerName') ?? (id && id !== CUSTOM_PROVIDER ? providerName(id) : null)
}

const of = (facts: FailureFacts, name: (facts: FailureFacts) => string | null) => {
  const found = name(facts)
  return found ? ` of ${found}` : ''
}

const status = (facts: FailureFacts) => (typeof facts['status'] === 'number' ? ` (status ${facts['status']})` : '')
