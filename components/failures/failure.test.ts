import { describe, expect, it } from 'vitest'
import { failureOf, wordsOf } from '#components/failures/failure.ts'

describe('failureOf', () => {
  it('finds the code and the facts of a domain failure', () => {
    const error = {
      message: 'connection.disabled',
      data: { httpStatus: 412, domain: { code: 'connection.disabled', facts: { harness: 'codex' } } },
    }
    expect(failureOf(error)).toEqual({ is: 'domain', code: 'connection.disabled', facts: { harness: 'codex' } })
  })

  it('takes a call without an answer for an unreachable server', () => {
    expect(failureOf(new TypeError('Failed to fetch'))).toEqual({ is: 'unreachable' })
    expect(failureOf(Object.assign(new Error('Failed to fetch'), { cause: new TypeError('Failed to fetch') }))).toEqual({
      is: 'unreachable',
    })
  })

  it('knows a page that is older than the server', () => {
    expect(failureOf(Object.assign(new Error('Failed to load chunk'), { name: 'ChunkLoadError' }))).toEqual({ is: 'outdated' })
  })

  it('keeps the log id of a fault, and believes no code that it does not know', () => {
    expect(failureOf({ message: 'oops', data: { domain: { code: 'no.such' }, logId: 'abc' } })).toEqual({
      is: 'fault',
      logId: 'abc',
      message: 'oops',
    })
    expect(failureOf('nonsense')).toEqual({ is: 'fault', logId: null, message: 'Unknown failure' })
    expect(failureOf(null)).toEqual({ is: 'fault', logId: null, message: 'Unknown failure' })
  })
})

it('shows the raw words of a fault only as details', () => {
  expect(wordsOf({ message: 'x', data: { domain: null, logId: 'abc' } })).toEqual({
    sentence: 'Something went wrong on the server.',
    recovery: 'retry',
    label: 'Try again',
    href: null,
    details: "The server's log has the reason under abc.",
  })
})
