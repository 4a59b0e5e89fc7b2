/**
 * An audit entry in words: what follows the name of whoever did it. One phrase per act;
 * an act without one does not compile. Used by the screen and by the export.
 */
import { dollars } from '#core/budgets/budget.ts'
import { acts, type AuditAct, type AuditFacts } from '#core/audit/acts.ts'
import { findHarness } from '#core/harnesses/registry.ts'

type Said = Readonly<{ facts: AuditFacts; subjectId: string }>

const fact = ({ facts }: Said, name: string): string | null => {
  const value = facts[name]
  return value === null || value === undefined || value === '' ? null : String(value)
}

const quoted = (text: string) => `“${text}”`
const joined = (...parts: (string | null | false)[]) => parts.filter(Boolean).join(' ')

/** “Team key”, or the id where nobody said the name. */
const named = (said: Said, ...names: string[]) => {
  const name = names.map((each) => fact(said, each)).find((each) => each !== null)
  return name ? quoted(name) : said.subjectId
}

const harness = (said: Said) => {
  const id = fact(said, 'harness')
  return id === null ? 'a harness' : (findHarness(id)?.name ?? id)
}

const forWhom = (said: Said) => {
  switch (fact(said, 'scope')) {
    case 'project':
      return fact(said, 'projectName') ? `for the project ${quoted(fact(said, 'projectName')!)}` : 'for a project'
    case 'user':
      return fact(said, 'ownerName') ? `for ${fact(said, 'ownerName')}` : 'for themselves'
    case 'platform':
      return 'for everybody on this Gatehouse'
    default:
      return null
  }
}

const withWhat = (said: Said) => fact(said, 'credentialName') && `with ${quoted(fact(said, 'credentialName')!)}`
const because = (said: Said) => fact(said, 'code') && `(${fact(said, 'code')})`
const role = (said: Said) => fact(said, 'role') && `as ${fact(said, 'role')}`
const person = (said: Said) => fact(said, 'name') ?? fact(said, 'email') ?? 'somebody'
const project = (said: Said) => `the project ${named(said, 'name', 'projectName')}`
/** Whose it is, under `scope`; a person or a project by name, a chat by its id alone. */
const budget = (said: Said) => {
  const whose: Readonly<Record<string, string>> = {
    project: `the project ${named(said, 'projectName')}`,
    member: fact(said, 'ownerName') ?? 'themselves',
    chat: `the chat ${fact(said, 'chatId') ?? said.subjectId}`,
  }
  return `the budget of ${whose[fact(said, 'scope') ?? ''] ?? 'the team'} for each ${fact(said, 'period') ?? 'period'}`
}
const connection = (said: Said) => joined(harness(said), forWhom(said), withWhat(said))

const mcpServer = (said: Said) => `the MCP server ${named(said, 'name')}`
const inProject = (said: Said) => fact(said, 'projectName') && `in the project ${quoted(fact(said, 'projectName')!)}`
const model = (said: Said) => joined(named(said, 'name'), fact(said, 'providerName') && `of ${fact(said, 'providerName')}`)
const task = (said: Said) => `the task ${named(said, 'taskTitle')}`
const trigger = (said: Said) => `${fact(said, 'kind') ?? 'trigger'} ${named(said, 'name')}`
const forAll = (said: Said) => fact(said, 'scope') === 'platform' && 'for everybody on this Gatehouse'
const changed = (said: Said) => (fact(said, 'change') ? `: ${fact(said, 'change')}` : '')

const endings: Readonly<Record<string, string>> = { cancelled: 'cancelled', failed: 'failed in', expired: 'let run out' }

const verdicts: Readonly<Record<string, string>> = {
  accepted: 'it was accepted',
  refused: 'it was refused',
  'out-of-quota': 'it is out of quota',
  unreachable: 'the provider was unreachable',
  unfitting: 'it does not fit',
  expired: 'it has expired',
}
const verdict = (said: Said) => {
  const word = fact(said, 'verdict')
  return word && `: ${verdicts[word] ?? word}`
}

const phrases: Readonly<Record<AuditAct, (said: Said) => string>> = {
  'connection.connected': (said) => `connected ${connection(said)}`,
  'connection.replaced': (said) => `replaced the connection of ${connection(said)}`,
  'connection.disconnected': (said) => `disconnected ${connection(said)}`,
  'connection.restored': (said) => `took back the disconnecting of ${connection(said)}`,
  'connection.enabled': (said) => `enabled ${connection(said)}`,
  'connection.disabled': (said) => `disabled ${connection(said)}`,
  'connection.shared': (said) => `let others prompt on their ${named(said, 'credentialName')} with ${harness(said)}`,
  'connection.unshared': (said) => `stopped letting others prompt on their ${named(said, 'credentialName')} with ${harness(said)}`,
  'connection.validated': (said) => `validated ${connection(said)}${verdict(said) ?? ''}`,
  'override.set': (said) => `set an override: ${connection(said)}`,
  'override.removed': (said) => `removed the override: ${connection(said)}`,
  'credential.created': (said) => `created the credential ${named(said, 'credentialName', 'name')}`,
  'credential.renamed': (said) =>
    joined(
      'renamed the credential',
      fact(said, 'formerName') && `${quoted(fact(said, 'formerName')!)} to`,
      named(said, 'credentialName', 'name'),
    ),
  'credential.replaced': (said) => `replaced the secret of ${named(said, 'credentialName', 'name')}`,
  'credential.deleted': (said) => `deleted the credential ${named(said, 'credentialName', 'name')}`,
  'configuration.created': (said) => `made a configuration of ${joined(harness(said), withWhat(said))}`,
  'configuration.changed': (said) => `changed a configuration of ${joined(harness(said), withWhat(said))}`,
  'configuration.deleted': (said) => `deleted a configuration of ${joined(harness(said), withWhat(said))}`,
  'attachment.created': (said) => `attached ${connection(said)}`,
  'attachment.deleted': (said) => `detached ${connection(said)}`,
  'login.refreshed': (said) => `refreshed the login ${named(said, 'credentialName')}`,
  'login.synced': (said) => `took over what ${harness(said)} made of the login ${named(said, 'credentialName')}`,
  'login.refused': (said) => joined(`refused a changed login for ${named(said, 'credentialName')}`, because(said)),
  'chat.shared': ({ subjectId }) => `shared the private chat ${subjectId} with the team`,
  'chat.made-private': ({ subjectId }) => `became the only one to see the chat ${subjectId}`,
  'chat.handed-over': (said) => joined('took over the chat', named(said, 'chatTitle'), fact(said, 'name') && `from ${fact(said, 'name')}`),
  'run.started': (said) =>
    joined(
      `started ${harness(said)}`,
      // What a private chat is called is nobody else's business.
      fact(said, 'isPrivate') === 'true'
        ? 'in a private chat'
        : fact(said, 'chatTitle') && `in the chat ${quoted(fact(said, 'chatTitle')!)}`,
      fact(said, 'credentialName') && `on ${quoted(fact(said, 'credentialName')!)}`,
      fact(said, 'payerName') && `of ${fact(said, 'payerName')}`,
    ),
  'sign-in.started': (said) => joined(`began a guided sign-in of ${harness(said)}`, forWhom(said)),
  'sign-in.finished': (said) =>
    joined(endings[fact(said, 'outcome') ?? ''] ?? 'finished', `a guided sign-in of ${harness(said)}`, forWhom(said)),
  'member.invited': (said) => joined(`invited ${person(said)}`, role(said)),
  'invitation.revoked': (said) => `withdrew the invitation of ${person(said)}`,
  'member.joined': (said) => joined('joined the team', role(said)),
  'member.role-changed': (said) =>
    joined(
      `changed the role of ${person(said)}`,
      fact(said, 'formerRole') && `from ${fact(said, 'formerRole')}`,
      fact(said, 'role') && `to ${fact(said, 'role')}`,
    ),
  'member.removed': (said) => `removed ${person(said)} from the team`,
  'token.created': (said) =>
    joined(`created the access token ${named(said, 'name')}`, fact(said, 'days') && `for ${fact(said, 'days')} days`),
  'token.revoked': (said) => `revoked the access token ${named(said, 'name')}`,
  'node.joined': (said) => `joined the node ${named(said, 'name')}`,
  'node.removed': (said) => `removed the node ${named(said, 'name')}`,
  'node.cloned': (said) => `noticed that the identity of the node ${named(said, 'name')} is used in two places, and cut both off`,
  'node.key-withdrawn': (said) => `withdrew the key of the node ${named(said, 'name')}`,
  'node.labelled': (said) =>
    `${fact(said, 'labels') ? 'labelled' : 'took all labels off'} the node ${named(said, 'name')}${fact(said, 'labels') ? ` ${fact(said, 'labels')}` : ''}`,
  'node.drained': (said) => `drained the node ${named(said, 'name')}`,
  'node.undrained': (said) => `gave work to the node ${named(said, 'name')} again`,
  'project.created': (said) => `created ${project(said)}`,
  'project.changed': (said) => `changed ${project(said)}`,
  'project.rules-changed': (said) => `changed what agents may do unasked in ${project(said)}`,
  'project.tools-changed': (said) =>
    joined(`changed which tools agents get in ${project(said)}`, fact(said, 'off') ? `(off: ${fact(said, 'off')})` : '(all are on)'),
  'mcp-server.added': (said) => joined('added', mcpServer(said), fact(said, 'host') && `at ${fact(said, 'host')}`, inProject(said)),
  'mcp-server.enabled': (said) => joined('turned on', mcpServer(said), inProject(said)),
  'mcp-server.disabled': (said) => joined('turned off', mcpServer(said), inProject(said)),
  'mcp-server.removed': (said) => joined('removed', mcpServer(said), inProject(said)),
  'project.archived': (said) => `archived ${project(said)}`,
  'task.created': (said) => joined('made', task(said), fact(said, 'by') && `by ${fact(said, 'by')}`),
  'task.changed': (said) =>
    `${joined('changed', task(said), fact(said, 'by') && `by ${fact(said, 'by')}`)}${fact(said, 'changed') ? `: ${fact(said, 'changed')}` : ''}`,
  'task.started': (said) => joined('started', fact(said, 'harness') && `${harness(said)} on`, task(said)),
  'task.not-started': (said) => joined('could not start', task(said), because(said)),
  'task.closed': (said) => joined('closed', task(said), fact(said, 'as') && `as ${fact(said, 'as')}`),
  'task.reopened': (said) => `reopened ${task(said)}`,
  'task.comment-removed': (said) =>
    joined('removed a comment', fact(said, 'ownerName') && `of ${fact(said, 'ownerName')}`, 'on', task(said)),
  'template.saved': (said) => `saved the task template ${named(said, 'name')}`,
  'template.removed': (said) => `removed the task template ${named(said, 'name')}`,
  'trigger.saved': (said) => joined(`saved the ${trigger(said)}`, fact(said, 'when') && `(${fact(said, 'when')})`),
  'trigger.enabled': (said) => `switched on the ${trigger(said)}`,
  'trigger.disabled': (said) => joined(`switched off the ${trigger(said)}`, because(said)),
  'trigger.removed': (said) => `removed the ${trigger(said)}`,
  'budget.set': (said) => joined('set', budget(said), fact(said, 'limitMicros') && `to ${dollars(Number(fact(said, 'limitMicros')))}`),
  'budget.removed': (said) => `removed ${budget(said)}`,
  'model.ruled': (said) => `${joined('set the model', model(said), forAll(said))}${changed(said)}`,
  'model.unruled': (said) => joined('put the model', model(said), 'back to what the catalog says', forAll(said)),
  'model.policy-set': (said) => `set what becomes of models without a price${changed(said)}`,
  'team.created': (said) => `created the team ${named(said, 'name')}`,
  'team.renamed': (said) =>
    joined('renamed the team', fact(said, 'formerName') && `from ${quoted(fact(said, 'formerName')!)}`, `to ${named(said, 'name')}`),
  'key.rotated': (said) => `added version ${fact(said, 'version') ?? said.subjectId} of the master key`,
  'key.retired': (said) => `retired version ${fact(said, 'version') ?? said.subjectId} of the master key`,
  'audit.exported': (said) => joined('exported the audit log', fact(said, 'format') && `as ${fact(said, 'format')!.toUpperCase()}`),
}

const isAct = (act: string): act is AuditAct => (acts as readonly string[]).includes(act)

/** What somebody did, to follow their name. An act of a newer Gatehouse is told by its own name. */
export function sayAct({ act, subjectId, facts }: { act: string; subjectId: string; facts: AuditFacts }): string {
  return isAct(act) ? phrases[act]({ facts, subjectId }) : `did ${act} to ${subjectId}`
}
