import { expect, it } from 'vitest'
import { inLine } from '#server/logins/line.ts'

/** Work that ends when it is told to. */
function held(started: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const work = () => {
    started.push(name)
    return promise
  }
  return { work, end: () => resolve(name), fail: () => reject(new Error(name)) }
}
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

it('lets one at a time of each key go on, also after one that failed', async () => {
  const started: string[] = []
  const [one, two, three] = ['one', 'two', 'three'].map((name) => held(started, name))
  const all = [one!, two!, three!].map(({ work }) => inLine('key', work))
  const outcomes = Promise.allSettled(all)
  await settled()
  expect(started).toEqual(['one'])
  one!.fail()
  await settled()
  expect(started).toEqual(['one', 'two'])
  two!.end()
  three!.end()
  expect((await outcomes).map((each) => each.status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})

it('lets four keys at most have a connection, and the next one in when one is done', async () => {
  const started: string[] = []
  const works = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, ...held(started, name) }))
  const all = Promise.all(works.map(({ name, work }) => inLine(name, work)))
  await settled()
  expect(started).toEqual(['a', 'b', 'c', 'd'])
  works[2]!.end()
  await settled()
  expect(started).toEqual(['a', 'b', 'c', 'd', 'e'])
  for (const { end } of works) end()
  expect(await all).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})
