import { expect, it } from 'vitest'
import { abilitiesOf } from '#core/harnesses/abilities.ts'
import { harnesses } from '#core/harnesses/registry.ts'

const known = {
  sessions: { canLoad: true, canResume: false, canList: true, canClose: true },
  stopsWhenAsked: true,
  mcp: { stdio: true, http: true, sse: false },
  limits: [],
}
const missing = (...given: Parameters<typeof abilitiesOf>) => abilitiesOf(...given).flatMap((each) => (each.isMissing ? [each.about] : []))

it('believes a running agent before the registry', () => {
  expect(missing(known, null)).toEqual(['While it works', 'Images'])
  const can = { resumes: false, loads: false, takesImages: false, mcpOverHttp: false }
  expect(missing(known, can)).toEqual(['After a restart', 'While it works', 'Images', 'MCP servers'])
  expect(missing(known, { ...can, resumes: true, mcpOverHttp: true })).toEqual(['While it works', 'Images'])
})

it('says what a stop does to an agent that does not listen', () => {
  expect(missing({ ...known, stopsWhenAsked: false }, null)).toContain('Stop')
})

it.each(harnesses.map((each) => [each.id, each] as const))('names every known limit of %s', (_, harness) => {
  const words = abilitiesOf(harness, null).map((each) => each.words)
  expect(words).toEqual(expect.arrayContaining([...harness.limits]))
})
