import { describe, expect, it } from 'vitest'
import { failures, type FailureCode } from '#core/errors.ts'
import { failureWords } from '#components/failures/sentences.ts'

const codes = Object.keys(failures) as FailureCode[]

describe('failureWords', () => {
  it.each(codes)('%s reads well without any fact', (code) => {
    const { sentence } = failureWords(code)
    expect(sentence).toMatch(/^[A-Z].*[.]$/)
    expect(sentence).not.toMatch(/undefined|null|NaN|\s{2}| [.,]/)
  })

  it.each(codes.filter((each) => !['/nodes', '/'].includes(failureWords(each).href ?? '')))(
    '%s offers an act exactly where its recovery has one',
    (code) => {
      const { recovery, label } = failureWords(code)
      expect(label === null).toBe(['wait', 'check-input', 'none'].includes(recovery))
    },
  )

  it('leads to the nodes when a harness is not installed', () => {
    expect(failureWords('harness.not-installed')).toMatchObject({ recovery: 'wait', label: 'Open nodes', href: '/nodes' })
  })

  it('names the harness and leads to the connections of the project', () => {
    expect(failureWords('connection.missing', { harness: 'codex' }, { projectId: 'p 1' })).toEqual({
      sentence: 'Codex has no connection here. Connect a credential to use it.',
      recovery: 'connect',
      label: 'Connect',
      href: '/projects/p%201?tab=connections&harness=codex',
    })
  })

  it('leads to the connections of the person without a project', () => {
    expect(failureWords('provider.refused-key', { provider: 'anthropic' })).toEqual({
      sentence: 'Anthropic refuses the key of this connection. Replace it.',
      recovery: 'replace',
      label: 'Replace the credential',
      href: '/connections',
    })
  })

  it('leaves to the screen what only the screen can do', () => {
    expect(failureWords('agent.crashed', { harness: 'opencode' })).toEqual({
      sentence: 'OpenCode stopped unexpectedly. What it wrote is kept; send the prompt again to go on.',
      recovery: 'send-again',
      label: 'Send again',
      href: null,
    })
  })

  it('says exactly what is wrong with an address, a key or a repository, where the facts say it', () => {
    const sentence = (...given: Parameters<typeof failureWords>) => failureWords(...given).sentence
    expect(sentence('upstream.unsafe', { host: 'llm.acme.example', reason: 'host-not-found' })).toMatch(
      /^llm\.acme\.example cannot be found/,
    )
    expect(sentence('upstream.unsafe', { host: '10.0.0.1:80', reason: 'private-address' })).toMatch(
      /^10\.0\.0\.1:80 is not a public https address/,
    )
    expect(sentence('credential.malformed', { field: 'key', problem: 'other-provider', owner: 'groq' })).toMatch(/^This is a key of Groq/)
    expect(sentence('repository.unusable', { reason: 'password-in-address' })).toMatch(/password/)
    expect(sentence('repository.clone-failed', { repository: 'https://git.example/a' })).toContain('https://git.example/a')
    expect(sentence('request.invalid', { problem: 'This person is in the team already.' })).toBe('This person is in the team already.')
    expect(sentence('request.invalid', { problem: '✖ Too small\n  → at name' })).toBe('Something in what you entered cannot be used.')
  })
})
