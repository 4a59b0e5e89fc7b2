import fc from 'fast-check'
import { expect, it } from 'vitest'
import { jsonArray, plainArray, textArray } from '#server/db/array-text.ts'
import { pool } from '#server/db/client.ts'

/** What PostgreSQL can hold as text, with what its arrays read in their own way. */
const text = fc.oneof(
  fc.constantFrom('', 'NULL', 'null', '{}', '"', '\\', '\\"', ',', ' ', '\n', '\t', "'", '\u2028'),
  fc.string({ unit: 'binary' }).map((each) => each.replaceAll('\0', '').toWellFormed()),
)

it('gives PostgreSQL every text as it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text), { maxLength: 20 }), async (values) => {
      const { rows } = await pool().query('select $1::text[] as read', [textArray(values, (each) => each)])
      expect(rows).toEqual([{ read: values }])
    }),
  )
})

it('gives it JSON as it was written', async () => {
  const json = fc.option(fc.dictionary(text, text)).map((each) => each && JSON.stringify(each))
  await fc.assert(
    fc.asyncProperty(fc.array(json, { maxLength: 10 }), async (values) => {
      const { rows } = await pool().query('select $1::text[] as read', [jsonArray(values, (each) => each)])
      expect(rows).toEqual([{ read: values }])
    }),
  )
})

it('gives it numbers, and nothing where there is none', async () => {
  const { rows } = await pool().query('select $1::int[] as read', [plainArray([1, null, -3], (each) => each)])
  expect(rows).toEqual([{ read: [1, null, -3] }])
})
