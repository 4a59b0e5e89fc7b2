import { describe, expect, it } from 'vitest'
import { claudeCode } from '#core/harnesses/claude-code.ts'
import { codex } from '#core/harnesses/codex.ts'
import { isOwnPage } from '#core/harnesses/guided-sign-in.ts'
import { guidedLoginOf, type Harness } from '#core/harnesses/harness.ts'

const readOf = (harness: Harness) => guidedLoginOf(harness)!.signIn.read
const blue = (text: string) => `\u001b[94m${text}\u001b[0m`
const grey = (text: string) => `\u001b[90m${text}\u001b[0m`

/** What codex-cli 0.166.0 prints on a pipe. */
const codexOutput = [
  '',
  `Welcome to Codex [v${grey('0.166.0')}]`,
  grey("OpenAI's command-line coding agent"),
  '',
  'Follow these steps to sign in with ChatGPT using device code authorization:',
  '',
  '1. Open this link in your browser and sign in to your account',
  `   ${blue('https://auth.openai.com/codex/device')}`,
  '',
  `2. Enter this one-time code ${grey('(expires in 15 minutes)')}`,
  `   ${blue('ABCD-12345')}`,
  '',
  grey('Continue only if you started this login in Codex. If a website or another person gave you this code, cancel.'),
  '',
  '',
].join('\n')

const claudeLink =
  'https://claude.com/cai/oauth/authorize?code=true&client_id=9d1c250a-e61b-44d9-88ed-5944d1962f5e&response_type=code' +
  '&redirect_uri=https%3A%2F%2Fplatform.claude.com%2Foauth%2Fcode%2Fcallback&scope=org%3Acreate_api_key+user%3Aprofile' +
  '&code_challenge=bJm-6IRyio2-Msg7nVdv7qal4CwfCXOIPTdgNen_7NM&code_challenge_method=S256&state=sbcAS6NaegRA25PIwna9rd4pJsV4YhwIbuTHUF8KGJs'
/** What Claude Code 2.1.316 prints on a pipe; the last line waits for the code. */
const claudeOutput = `Opening browser to sign in…\nIf the browser didn't open, visit: ${claudeLink}\nPaste code here if prompted > `

describe('what a program prints', () => {
  it.each([
    { harness: codex, output: codexOutput, shown: { url: 'https://auth.openai.com/codex/device', userCode: 'ABCD-12345' } },
    { harness: claudeCode, output: claudeOutput, shown: { url: claudeLink, userCode: null } },
  ])('is read for $harness.id, however it is cut into pieces', ({ harness, output, shown }) => {
    const read = readOf(harness)
    expect(read(output)).toEqual(shown)
    const answers = Array.from(output, (_, at) => read(output.slice(0, at + 1)))
    // Never half a link, never half a code.
    for (const answer of answers) if (answer !== null) expect(answer).toEqual(shown)
    expect(answers.filter((answer) => answer === null).length).toBeGreaterThan(0)
  })

  it.each([
    codexOutput.replace('https://auth.openai.com/', 'https://auth.openai.com.example/'),
    codexOutput.replace('https://auth.openai.com/', 'http://auth.openai.com/'),
    codexOutput.replace('ABCD-12345', 'Error'),
    'Error logging in: device code login is not enabled for this server\n',
  ])('is not believed when it is no link of the vendor’s, or no code', (output) => {
    expect(readOf(codex)(output)).toBeNull()
  })
})

it('knows the vendor’s pages from those that only look alike', () => {
  const pages = ['https://auth.openai.com/']
  expect(isOwnPage({ pages }, 'https://auth.openai.com/codex/device')).toBe(true)
  for (const url of [
    'https://auth.openai.com@evil.example/',
    'https://auth.openai.com.evil.example/',
    'javascript:alert(1)//https://auth.openai.com/',
    ' https://evil.example/#https://auth.openai.com/',
    `https://auth.openai.com/${'a'.repeat(2_000)}`,
    'not a link',
  ])
    expect(isOwnPage({ pages }, url)).toBe(false)
})

it('takes only what can be the vendor’s code for an answer', () => {
  const { answer } = guidedLoginOf(claudeCode)!.signIn
  expect(answer!.test('aBcD_1234-x#sTaTe_5678')).toBe(true)
  for (const text of ['aBcD_1234', 'code#', '#state', 'code#state#more', 'code state', 'code\n#state'])
    expect(answer!.test(text)).toBe(false)
  expect(guidedLoginOf(codex)!.signIn.answer).toBeNull()
})
