import { describe, expect, it } from 'vitest'
import { PRIVATE } from '#core/usage/dimensions.ts'
import { readAddress } from '#components/usage/address.model.ts'
import { behind, savingWords, type Saving } from '#components/usage/saving.model.ts'

const saving = (more: Partial<Saving>): Saving => ({
  kind: 'cold-cache',
  harness: 'claude-code',
  provider: 'anthropic',
  model: 'claude-opus-5',
  chatId: null,
  requests: 1_200,
  costMicros: 12_000_000,
  savesMicros: 5_000_000,
  otherModel: null,
  shares: null,
  ...more,
})
const kinds = ['cold-cache', 'cheaper-successor', 'dear-background', 'aborted', 'failed'] as const

describe.each(kinds)('%s', (kind) => {
  it('says where, how many and how much', () => {
    const { how, title, advice } = savingWords(saving({ kind }), {})
    expect(how).toMatch(/Claude Code on claude-opus-5.*1,200 requests for \$12\.00/)
    for (const each of [how, title, advice]) expect(each).not.toMatch(/undefined|null|NaN|\s{2}/)
  })
  it('names nothing of private chats', () => {
    const words = savingWords(saving({ kind, model: PRIVATE }), {})
    expect(Object.values(words).join(' ')).not.toContain(PRIVATE)
    expect(words.how).toContain('Claude Code in private chats')
  })
})

it('shows both shares of a cold cache, and its chat by name', () => {
  const { title, how, bound } = savingWords(saving({ chatId: 'c', shares: { own: 0.2, others: 0.9 } }), { chat: { c: 'Refactor' } })
  expect([title, bound]).toEqual(['“Refactor” reads little from caches', 'about'])
  expect(how).toMatch(/20 % of the input here, and 90 %/)
})

it('leads to the requests behind it, within what is narrowed already', () => {
  const address = { ...readAddress(new URLSearchParams()), filter: { project: 'p' } }
  expect(behind(address, saving({ chatId: 'c' }))).toEqual({
    ...address,
    view: 'requests',
    filter: { project: 'p', harness: 'claude-code', model: 'claude-opus-5', chat: 'c' },
  })
})
