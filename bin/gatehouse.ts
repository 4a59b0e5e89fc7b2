/**
 * The command line: `npm run gatehouse -- <command>`. What goes wrong is one sentence on
 * standard error and exit code 1; results are on standard output.
 */
import { verifyAudit } from '#bin/commands/audit.ts'
import { backUp, restore, restored } from '#bin/commands/backup.ts'
import { checkLog } from '#bin/commands/check-log.ts'
import { doctor } from '#bin/commands/doctor.ts'
import { drainNode, joinNode, runNode } from '#bin/commands/node.ts'
import { rotateKey } from '#bin/commands/rotate-key.ts'
import { setUpFromTerminal } from '#bin/commands/setup.ts'
import { log } from '#server/log.ts'
import { StartError } from '#server/start-error.ts'

const USAGE = `Usage: npm run gatehouse -- <command>

  setup --email EMAIL --password PASSWORD --team NAME [--name NAME] [--token]
      Creates the owner and the first team; --token also prints a personal access token as JSON.
  node join --url ADDRESS --token TOKEN
      Makes this machine a node of another Gatehouse and runs its daemon.
  node run
      Runs the daemon of a node that has joined.
  node drain
      Lets the turns of this machine's daemon end, within a minute, and stops it.
  backup --file FILE
      Writes the whole database, but not the master key, into a new file; also beside a running server.
  restore --file FILE
      Loads a backup into a Gatehouse that nobody has set up.
  restored
      Tells browsers and nodes that the database was put back to an earlier state by other means.
  rotate-key
      Replaces the master key without a pause: a new version, every credential under it, the former one retired.
  check-log
      Holds every chat's log against its promises, and names what breaks one.
  audit verify
      Proves that nobody changed the audit log, or names the entries that somebody did.
  doctor
      Says what this machine has and lacks.`

const commands: Record<string, (args: string[]) => Promise<number>> = {
  setup: setUpFromTerminal,
  'node join': joinNode,
  'node run': runNode,
  'node drain': drainNode,
  backup: backUp,
  restore,
  restored,
  'rotate-key': rotateKey,
  'audit verify': verifyAudit,
  'check-log': checkLog,
  doctor,
}

const given = process.argv.slice(2)
const words = given[0] === 'node' || given[0] === 'audit' ? 2 : 1
const command = commands[given.slice(0, words).join(' ')]

if (!command) {
  process.stderr.write(`${USAGE}\n`)
  process.exitCode = given.length === 0 || given[0] === 'help' || given[0] === '--help' ? 0 : 1
} else {
  try {
    process.exitCode = await command(given.slice(words))
  } catch (error) {
    if (error instanceof StartError) process.stderr.write(`${error.message}\n`)
    else log.fatal({ err: error }, 'The command failed')
    process.exitCode = 1
  }
}
