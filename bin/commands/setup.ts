/**
 * `gatehouse setup`: what the set-up page does, without a browser and without its code,
 * since whoever runs this reads the database anyway. Works beside a running server and without one.
 */
import { z } from 'zod'
import { demand, readFlags } from '#bin/commands/arguments.ts'
import { openOwnDatabase } from '#bin/commands/own-database.ts'
import { Email, Name, Password } from '#server/accounts/service.ts'
import { setUp } from '#server/accounts/setup-service.ts'
import { createToken, TOKEN_MAX_DAYS } from '#server/accounts/tokens-service.ts'
import { env } from '#server/env.ts'
import { DomainError } from '#core/errors.ts'
import { StartError } from '#server/start-error.ts'
import type { TeamId, UserId } from '#core/ids.ts'

const Input = z.object({ name: Name, email: Email, password: Password, team: Name })

export async function setUpFromTerminal(args: string[]): Promise<number> {
  const string = { type: 'string' } as const
  const flags = readFlags(args, { email: string, password: string, team: string, name: string, token: { type: 'boolean' } })
  const email = demand(flags.email, 'email')
  const given = {
    email,
    password: demand(flags.password, 'password'),
    team: demand(flags.team, 'team'),
    name: flags.name ?? email.split('@')[0],
  }
  const checked = Input.safeParse(given)
  if (!checked.success) throw new StartError(checked.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}.`).join(' '))

  const close = await openOwnDatabase(env())
  try {
    const owner = await setUp(checked.data)
    if (!flags.token)
      console.log(`Set up: ${checked.data.email} owns this Gatehouse and the team "${checked.data.team}". Sign in at ${env().url}`)
    else {
      const holder = { userId: owner.userId as UserId, teamId: owner.teamId as TeamId }
      const { token } = await createToken(holder, { name: 'Set-up', days: TOKEN_MAX_DAYS })
      console.log(JSON.stringify({ token, teamId: owner.teamId, userId: owner.userId }))
    }
    return 0
  } catch (error) {
    if (error instanceof DomainError && error.code === 'setup.closed')
      throw new StartError('This Gatehouse is set up already: sign in, or ask its owner for an invitation.')
    throw error
  } finally {
    await close()
  }
}
