/** Nothing leaves before its record is there. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { error, gate, text, usage } from '#e2e/world/fake-provider-scene.ts'
import { pool } from '#server/db/client.ts'
import { dialects, factsOf, provider, recordsOf, seed, send, told, tokens, talkThroughProxy } from '#server/proxy/testing-talk.ts'
import { question } from '#server/proxy/testing.ts'

talkThroughProxy()

describe('a database that does not take the record', () => {
  /** Whoever writes a record waits until this is released. */
  let release = async (): Promise<void> => {}
  // Also after a test that failed: the next one must find its records writable.
  afterEach(() => release())

  async function blockRecords(): Promise<void> {
    const client = await pool().connect()
    await client.query('begin; lock table usage_record in exclusive mode')
    release = async () => {
      release = async () => {}
      await client.query('rollback')
      client.release()
    }
  }

  it.each(dialects)('holds back every byte of an answer until it has: %s', async (dialect) => {
    const run = await seed(dialect)
    provider.play([text('Here already.'), usage(tokens)])
    const before = provider.received.length
    await blockRecords()
    let hasAnswered = false
    const answering = send(run, dialect).then((answer) => ((hasAnswered = true), answer))
    await vi.waitFor(() => expect(provider.received.length).toBe(before + 1), { timeout: 20_000 })
    expect(await provider.received.at(-1)!.ended).toBe('answered')
    expect(hasAnswered).toBe(false)
    await release()
    const answer = await answering
    expect([answer.status, answer.isWhole]).toEqual([200, true])
    expect(answer.text).toContain('already')
    expect(await recordsOf(run)).toMatchObject([{ ...told(dialect), outcome: 'completed' }])
  })

  it.each([
    ['an error', [error(500)], 500],
    ['a refused model', [], 403],
  ] as const)('holds back %s too', async (_what, scene, status) => {
    const run = await seed('openai-chat')
    if (scene.length > 0) provider.play(scene)
    await blockRecords()
    const asked = scene.length > 0 ? {} : { body: question('openai-chat', { model: 'no-such-model' }) }
    let hasAnswered = false
    const answering = send(run, 'openai-chat', asked).then((answer) => ((hasAnswered = true), answer))
    // Nothing comes while the record waits, however often the event loop turns.
    await vi.waitFor(
      async () =>
        expect(
          (await pool().query(`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%insert into usage_record%'`))
            .rowCount,
        ).toBe(1),
      { timeout: 20_000 },
    )
    expect(hasAnswered).toBe(false)
    await release()
    expect((await answering).status).toBe(status)
  })

  it('fails the request when that takes too long, and tells the provider', async () => {
    const dialect = 'anthropic-messages'
    const run = await seed(dialect)
    provider.play([text('Nobody hears this.'), gate('unrecorded')])
    await blockRecords()
    const answer = await send(run, dialect)
    expect([answer.status, answer.headers['x-should-retry']]).toEqual([503, undefined])
    expect(answer.text).not.toContain('hears')
    expect(JSON.parse(answer.text)).toMatchObject({ type: 'error', error: { type: 'api_error' } })
    expect(await provider.received.at(-1)!.ended).toBe('client-left')
    await release()
    expect(await recordsOf(run)).toMatchObject([{ outcome: 'failed' }])
    expect((await factsOf(run)).map(({ type, payload }) => [type, payload['code']])).toContainEqual(['model.failed', 'usage.unrecorded'])
  })
})
