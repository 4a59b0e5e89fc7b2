import { expect, it } from 'vitest'
import { redact } from '#server/proxy/redact.ts'

it.each([
  ['Incorrect API key provided: sk-proj-****************abcd.', 'Incorrect API key provided: …'],
  ['key sk-ant-api03-AbCdEf_123456 is wrong', 'key … is wrong'],
  ['Authorization: Bearer eyJhbGciOi.J9', 'Authorization: …'],
  ['API key AIzaSyA1234567890abcdef not valid', 'API key … not valid'],
  ['your key (local-Secret/42+) is not known', 'your key (…) is not known'],
  ['your key (local-Secret%2F42%2B) is not known', 'your key (…) is not known'],
  [`basic ${Buffer.from('local-Secret/42+').toString('base64')}`, 'basic …'],
  ['The model gpt-6.1-sol does not exist. Ask a skilled person.', 'The model gpt-6.1-sol does not exist. Ask a skilled person.'],
])('%s', (text, clean) => expect(redact(text, ['local-Secret/42+'])).toBe(clean))
