/** What a client brings along and what it says in two ways: none of it reaches an upstream, nor decides which one. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { requestHead, writeEach, type Misbehaviour } from '#server/proxy/testing-sockets.ts'
import { openStage, streamOf, type Stage } from '#server/proxy/testing-stage.ts'
import { question } from '#server/proxy/testing.ts'

const DIALECT = 'openai-chat'

let stage: Stage
beforeAll(async () => {
  stage = await openStage({ dialect: DIALECT })
  stage.upstream.does(answering)
})
afterEach(() => {
  stage.upstream.does(answering)
  stage.assertNothingLogged()
})
afterAll(() => stage.close())

const DONE = 'data: {"choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4}}\n\ndata: [DONE]\n\n'
const answering: Misbehaviour = (socket) => writeEach(socket, streamOf(DONE))

const FOREIGN = 'sk-ant-oat01-of-somebody-0123456789'

describe('what is not theirs', () => {
  it('tells the upstream what its table says, and nothing that a client adds', async () => {
    const answer = await stage.answerTo(
      requestHead(stage.path, {
        length: stage.body.length,
        more: [
          'connection: close, x-api-key, authorization, content-length',
          'x-forwarded-for: 10.0.0.1',
          'x-forwarded-host: evil.example',
          'forwarded: for=10.0.0.1',
          'via: 1.1 evil',
          'te: trailers',
          'keep-alive: timeout=900',
          'accept-encoding: gzip, br',
          'x-upstream: http://evil.example',
          'x-portkey-custom-host: http://evil.example',
          'helicone-target-url: http://evil.example',
          'openai-organization: org-mine',
          'openai-project: proj-mine',
          'x-http-method-override: DELETE',
          'referer: http://evil.example',
          'range: bytes=0-1',
          'if-none-match: "x"',
          'openai-beta: yes',
          'user-agent: Probe/1.0',
        ],
      }),
      stage.body,
    )
    expect(answer).toContain('data: [DONE]')
    const [first, ...lines] = stage.upstream.heads.at(-1)!.split('\r\n')
    expect(first).toBe('POST /v1/chat/completions HTTP/1.1')
    expect(lines.toSorted()).toEqual(
      [
        `host: ${stage.upstream.host}`,
        'connection: keep-alive',
        'content-type: application/json',
        `content-length: ${stage.upstream.bodies.at(-1)!.length}`,
        'accept-encoding: identity',
        'user-agent: Probe/1.0',
        'openai-beta: yes',
        `authorization: Bearer ${stage.key}`,
      ].toSorted(),
    )
  })

  it.each([
    [`x-api-key: ${FOREIGN}`],
    [`x-api-key: ${SENTINEL_KEY}\r\nx-api-key: ${FOREIGN}`],
    [`X-API-Key: ${SENTINEL_KEY}, ${FOREIGN}`],
    [`x-goog-api-key: ${FOREIGN}`],
    [`api-key: ${FOREIGN}`],
    [`Authorization: Bearer ${FOREIGN}`],
    [`proxy-authorization: Basic ${FOREIGN}`],
    [`cookie: session=${FOREIGN}`],
    ['origin: null'],
  ])('forwards nothing that comes with %s', async (line) => {
    const before = stage.upstream.heads.length
    const answer = await stage.answerTo(
      requestHead(stage.path, { length: stage.body.length, more: [line, 'connection: close'] }),
      stage.body,
    )
    expect(answer).toMatch(/^HTTP\/1.1 403 /)
    expect(answer).not.toContain(FOREIGN)
    expect(stage.upstream.heads.length).toBe(before)
  })

  it('takes an upstream from nowhere but the connection', async () => {
    const body = JSON.stringify({
      ...question(DIALECT),
      base_url: stage.elsewhere.origin,
      baseUrl: stage.elsewhere.origin,
      api_base: stage.elsewhere.origin,
      api_key: FOREIGN,
      upstream: stage.elsewhere.origin,
    })
    const before = stage.elsewhere.heads.length
    expect((await stage.send({ body, headers: { host: stage.elsewhere.host, 'x-base-url': stage.elsewhere.origin } })).status).toBe(200)
    expect(stage.elsewhere.heads.length).toBe(before)
    expect(stage.upstream.heads.at(-1)).toContain(`host: ${stage.upstream.host}`)
    expect(
      await stage.answerTo(
        `POST ${stage.elsewhere.origin}${stage.path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
      ),
    ).toMatch(/^HTTP\/1.1 404 /)
    expect(await stage.answerTo(`CONNECT ${stage.elsewhere.host} HTTP/1.1\r\nhost: ${stage.elsewhere.host}\r\n\r\n`)).toBe('')
    expect(stage.elsewhere.heads.length).toBe(before)
  })
})

describe('two readings of one request', () => {
  const smuggled = `POST ${'/x'} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`
  it.each([
    ['a length and chunks', ['transfer-encoding: chunked']],
    ['two lengths', ['content-length: 5']],
    ['a coding that nobody knows', ['transfer-encoding: xchunked']],
    ['a space before the colon', ['x-odd : 1']],
    ['a folded line', ['x-odd: 1\r\n 2']],
    ['a zero byte', ['x-odd: \0']],
  ])('is refused: %s', async (_name, more) => {
    const before = stage.upstream.heads.length
    const answer = await stage.answerTo(requestHead(stage.path, { length: stage.body.length, more }), stage.body, smuggled)
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    expect(answer.split('HTTP/1.1').length).toBe(2)
    expect(stage.upstream.heads.length).toBe(before)
  })

  it('serves two requests of one connection in their order', async () => {
    const one = requestHead(stage.path, { length: stage.body.length }) + stage.body
    const answer = await stage.answerTo(one + one.replace('host:', 'connection: close\r\nhost:'))
    expect(answer.split('data: [DONE]').length).toBe(3)
  })
})
