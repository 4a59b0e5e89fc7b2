import { describe, expect, it } from 'vitest'
import { findHarness } from '#core/harnesses/registry.ts'
import { allows, defaultModel, modelsFor, type ModelQuery } from '#core/models/catalog.ts'
import { overviewOf, offersOf } from '#core/models/overview.ts'
import { emptyRule, layRules, usualPolicy, type ModelRule, type ModelRules, type UnpricedPolicy } from '#core/models/rules.ts'
import { presetById } from '#core/providers/presets.ts'

const codex = findHarness('codex')!
const opencode = findHarness('opencode')!
const SERVER = 'llm.example.org:8000'

type Said = Partial<ModelRule> & { model: string }
const openai = (said: Said): ModelRule => ({ ...emptyRule({ provider: 'openai', server: null, model: said.model }), ...said })
const own = (said: Said): ModelRule => ({ ...emptyRule({ provider: 'custom', server: SERVER, model: said.model }), ...said })

const rulesOf = (team: readonly ModelRule[], over: { instance?: readonly ModelRule[]; unpriced?: UnpricedPolicy } = {}): ModelRules =>
  layRules({ instance: over.instance ?? [], team, unpriced: over.unpriced ?? usualPolicy })

const onOpenai = (rules: ModelRules): ModelQuery => ({
  harness: codex,
  provider: 'openai',
  dialect: 'openai-responses',
  scope: 'user',
  rules,
})
const onServer = (over: Partial<ModelQuery> = {}): ModelQuery => ({
  harness: opencode,
  provider: 'custom',
  server: SERVER,
  dialect: 'openai-chat',
  ...over,
})
const ids = (query: ModelQuery) => modelsFor(query).map((each) => each.id)
const free = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

describe('a team’s word', () => {
  it('hides a model from menu and proxy alike', () => {
    const query = onOpenai(rulesOf([openai({ model: 'gpt-6-sol', isAllowed: false })]))
    expect(ids(query)).not.toContain('gpt-6-sol')
    expect(allows(query, 'gpt-6-sol')).toEqual({ ok: false, code: 'model.not-allowed', successor: null, isBackground: false })
  })

  it('leaves a session its title although its model is hidden, and says that nobody chose it', () => {
    const query = onOpenai(rulesOf([openai({ model: 'gpt-5.6-luna', isAllowed: false })]))
    expect(ids(query)).not.toContain('gpt-5.6-luna')
    expect(allows(query, 'gpt-5.6-luna')).toMatchObject({ ok: true, isBackground: true, entry: { id: 'gpt-5.6-luna' } })
    expect(allows({ ...query, harness: opencode, dialect: 'openai-chat' }, 'gpt-5.6-luna').ok).toBe(false)
    const retired = onOpenai(rulesOf([openai({ model: 'gpt-5.6-luna', retirement: { successor: null } })]))
    expect(allows(retired, 'gpt-5.6-luna')).toEqual({ ok: false, code: 'model.retired', successor: null, isBackground: true })
  })

  it('does not send to a provider what that does not know, and blames no turn for it', () => {
    const elsewhere: ModelQuery = { harness: codex, provider: 'openrouter', dialect: 'openai-responses' }
    expect(allows(elsewhere, 'gpt-5.6-luna')).toEqual({ ok: false, code: 'model.unknown', successor: null, isBackground: true })
  })

  it('names and prices a model, and the price is the one that the verdict carries', () => {
    const price = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }
    const query = onOpenai(rulesOf([openai({ model: 'gpt-6-sol', name: 'House model', price })]))
    expect(allows(query, 'gpt-6-sol')).toMatchObject({ ok: true, entry: { name: 'House model', price } })
    // Its tiers were those of the price that no longer holds.
    expect(allows(query, 'gpt-6-sol')).not.toHaveProperty('entry.price.tiers')
  })

  it('allows what the list does not know, unpriced until somebody prices it', () => {
    const query = onOpenai(rulesOf([openai({ model: 'gpt-7-preview', isAllowed: true })]))
    expect(modelsFor(query).at(-1)).not.toBeUndefined()
    expect(allows(query, 'gpt-7-preview')).toMatchObject({ ok: true, entry: { id: 'gpt-7-preview', price: null } })
  })

  it('offers nothing merely because it was priced or named', () => {
    const query = onOpenai(rulesOf([openai({ model: 'gpt-7-preview', price: free, name: 'Seven' })]))
    expect(ids(query)).not.toContain('gpt-7-preview')
    expect(allows(query, 'gpt-7-preview')).toMatchObject({ ok: false, code: 'model.not-allowed' })
  })

  it('retires with a successor that can be chosen, also by way of others', () => {
    const query = onOpenai(
      rulesOf([
        openai({ model: 'gpt-6-sol', retirement: { successor: 'gpt-6-luna' } }),
        openai({ model: 'gpt-6-luna', retirement: { successor: 'gpt-6.1-sol' } }),
      ]),
    )
    expect(allows(query, 'gpt-6-sol')).toEqual({ ok: false, code: 'model.retired', successor: 'gpt-6.1-sol', isBackground: false })
  })

  it.each([
    ['hidden', [openai({ model: 'gpt-6.1-sol', isAllowed: false })]],
    ['its own', [openai({ model: 'gpt-6.1-sol', retirement: { successor: 'gpt-6-sol' } })]],
  ])('names no successor that is %s', (_what, more) => {
    const query = onOpenai(rulesOf([openai({ model: 'gpt-6-sol', retirement: { successor: 'gpt-6.1-sol' } }), ...more]))
    expect(allows(query, 'gpt-6-sol')).toMatchObject({ code: 'model.retired', successor: null })
  })

  it('brings back what its vendor retired, as something old', () => {
    const query = onOpenai(rulesOf([openai({ model: 'o1-mini', isAllowed: true })]))
    expect(allows(query, 'o1-mini')).toMatchObject({ ok: true, entry: { lifecycle: { is: 'legacy' } } })
  })

  it('keeps a model for some scopes', () => {
    const query = onOpenai(rulesOf([openai({ model: 'gpt-6-sol', scopes: ['project'] })]))
    expect(allows(query, 'gpt-6-sol')).toMatchObject({ ok: false, code: 'model.not-allowed' })
    expect(allows({ ...query, scope: 'project' }, 'gpt-6-sol').ok).toBe(true)
  })

  it('moves the default when that is hidden', () => {
    expect(defaultModel(onOpenai(rulesOf([])))?.id).toBe('gpt-6.1-sol')
    expect(defaultModel(onOpenai(rulesOf([openai({ model: 'gpt-6.1-sol', isAllowed: false })])))?.id).toBe('gpt-6-sol')
  })
})

describe('the instance’s word', () => {
  const instance = [openai({ model: 'gpt-6-sol', isAllowed: false, name: 'Sol', price: free })]
  it('holds for a team that says nothing, field by field', () => {
    expect(allows(onOpenai(rulesOf([], { instance })), 'gpt-6-sol')).toMatchObject({ ok: false, code: 'model.not-allowed' })
    const query = onOpenai(rulesOf([openai({ model: 'gpt-6-sol', isAllowed: true })], { instance }))
    expect(allows(query, 'gpt-6-sol')).toMatchObject({ ok: true, entry: { name: 'Sol', price: free } })
  })
  it('is lifted by a team that allows what it retired', () => {
    const retired = [openai({ model: 'gpt-6-sol', retirement: { successor: null } })]
    expect(allows(onOpenai(rulesOf([], { instance: retired })), 'gpt-6-sol')).toMatchObject({ code: 'model.retired' })
    const query = onOpenai(rulesOf([openai({ model: 'gpt-6-sol', isAllowed: true })], { instance: retired }))
    expect(allows(query, 'gpt-6-sol').ok).toBe(true)
  })

  describe('on a connection that the instance pays', () => {
    const onPlatform = (team: ModelRule[], said: ModelRule[] = instance): ModelQuery => ({
      ...onOpenai(rulesOf(team, { instance: said })),
      scope: 'platform',
    })
    it('cannot be lifted by a team', () => {
      expect(allows(onPlatform([openai({ model: 'gpt-6-sol', isAllowed: true })]), 'gpt-6-sol')).toMatchObject({
        code: 'model.not-allowed',
      })
      const retired = [openai({ model: 'gpt-6-sol', retirement: { successor: null } })]
      expect(allows(onPlatform([openai({ model: 'gpt-6-sol', isAllowed: true })], retired), 'gpt-6-sol')).toMatchObject({
        code: 'model.retired',
      })
      const added = onPlatform([openai({ model: 'gpt-7-preview', isAllowed: true })])
      expect(ids(added)).not.toContain('gpt-7-preview')
      expect(allows(added, 'gpt-7-preview').ok).toBe(false)
    })
    it('says what a model costs, whatever a team says', () => {
      const price = { input: 5, output: 5, cacheRead: 5, cacheWrite: 5 }
      const said = [openai({ model: 'gpt-6-sol', price })]
      expect(allows(onPlatform([openai({ model: 'gpt-6-sol', price: free })], said), 'gpt-6-sol')).toMatchObject({ entry: { price } })
      const listed = allows(onPlatform([], []), 'gpt-6-sol')
      expect(allows(onPlatform([openai({ model: 'gpt-6-sol', price: free })], []), 'gpt-6-sol')).toEqual(listed)
    })
    it('is narrowed by a team that hides, retires or keeps a model to its own connections', () => {
      for (const narrower of [{ isAllowed: false }, { retirement: { successor: null } }, { scopes: ['project' as const] }])
        expect(allows(onPlatform([openai({ model: 'gpt-6-sol', ...narrower })], []), 'gpt-6-sol').ok).toBe(false)
    })
  })
})

describe('a model without a price', () => {
  const allowed = own({ model: 'llama', isAllowed: true })
  it('is refused where the team says so, and is in no menu then', () => {
    const query = onServer({ rules: rulesOf([allowed], { unpriced: { is: 'refuse' } }) })
    expect(ids(query)).not.toContain('llama')
    expect(allows(query, 'llama')).toEqual({ ok: false, code: 'model.unpriced', successor: null, isBackground: false })
  })
  it('is let through without a price under a cap', () => {
    expect(allows(onServer({ rules: rulesOf([allowed]) }), 'llama')).toMatchObject({ ok: true, entry: { price: null } })
  })
  it('is free, and not unknown, once somebody says zero', () => {
    const query = onServer({ rules: rulesOf([{ ...allowed, price: free }], { unpriced: { is: 'refuse' } }) })
    expect(allows(query, 'llama')).toMatchObject({ ok: true, entry: { price: free } })
  })
})

describe('a server of one’s own', () => {
  it('is one thing, and another server another', () => {
    const rules = rulesOf([own({ model: 'llama', isAllowed: true })])
    expect(allows(onServer({ rules }), 'llama').ok).toBe(true)
    expect(allows(onServer({ rules, server: 'other.example.org' }), 'llama')).toMatchObject({ ok: false, code: 'model.unknown' })
  })
  it('offers of its vendor’s models what it lists, and of the others what somebody allows', () => {
    const listed = ['gpt-6-sol', 'llama', 'qwen']
    expect(ids(onServer({ listed }))).toEqual(['gpt-6-sol'])
    expect(allows(onServer({ listed }), 'gpt-6.1-sol')).toMatchObject({ ok: false, code: 'model.not-allowed' })
    expect(allows(onServer({ listed }), 'llama')).toMatchObject({ ok: false, code: 'model.unknown' })
    expect(ids(onServer({ listed, rules: rulesOf([own({ model: 'llama', isAllowed: true })]) }))).toEqual(['gpt-6-sol', 'llama'])
  })
  it('offers what its connector named, and what an admin adds', () => {
    const rules = rulesOf([own({ model: 'qwen', isAllowed: true }), own({ model: 'mistral', isAllowed: false })])
    expect(ids(onServer({ customModels: ['llama', 'mistral'], rules }))).toEqual(['llama', 'qwen'])
  })
})

describe('the overview', () => {
  it('says of every model what the menu says, and lists what nobody has decided on', () => {
    const rules = rulesOf([openai({ model: 'gpt-6-sol', isAllowed: false }), openai({ model: 'seen-and-hidden', isAllowed: false })])
    const offers = offersOf(presetById('openai')!, rules)
    const { models, undecided } = overviewOf(offers, ['gpt-6.1-sol', 'gpt-7-preview', 'seen-and-hidden'])
    expect(undecided).toEqual(['gpt-7-preview'])
    // What embeds is allowed and in no menu.
    const offered = models.filter((each) => each.why === null && each.entry.kind !== 'embedding').map((each) => each.entry.id)
    const menus = offers.flatMap((offer) => ids({ ...offer, harness: codex }))
    expect(new Set(offered)).toEqual(new Set(menus))
    expect(models.find((each) => each.entry.id === 'gpt-6-sol')).toMatchObject({ why: 'model.not-allowed', builtIn: { id: 'gpt-6-sol' } })
    expect(models.find((each) => each.entry.id === 'seen-and-hidden')).toMatchObject({ why: 'model.not-allowed', builtIn: null })
  })
  it('does not show what a server lists not to have', () => {
    const { models, undecided } = overviewOf([onServer({ listed: ['gpt-6-sol', 'llama'] })], ['gpt-6-sol', 'llama'])
    expect(models.map((each) => each.entry.id)).toEqual(['gpt-6-sol'])
    expect(undecided).toEqual(['llama'])
  })
  it('leaves to an admin whatever a server lists beside what it was connected for, known or not', () => {
    const { models, undecided } = overviewOf([onServer({ customModels: ['llama'] })], ['gpt-6-sol', 'llama', 'qwen'])
    expect(models.map((each) => each.entry.id)).toEqual(['llama'])
    expect(undecided).toEqual(['gpt-6-sol', 'qwen'])
  })
})
