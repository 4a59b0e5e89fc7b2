/**
 * The vendors behind native logins (chatgpt.com, auth.openai.com, api.anthropic.com,
 * platform.claude.com) on loopback: real TLS under an authority of the test's own, logins
 * that expire and refresh tokens that work once. Model calls are answered by a fake
 * provider behind it, as strict as that of the proxy. What no route was written for is
 * answered with 404 and remembered; `assertClean` throws it.
 *
 * The daemon is pointed at it by two variables, `environment`; nothing else knows of it.
 */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { makeCertificates } from '#e2e/world/fake-vendor-certificate.ts'
import { claudeFile, codexFile, keepLogins, type Account, type Issued } from '#e2e/world/fake-vendor-logins.ts'
import {
  lookupsOf,
  modelRoutes,
  unauthorized,
  vendorHosts,
  vendorOf,
  type Answer,
  type Route,
  type VendorRequest,
} from '#e2e/world/fake-vendor-routes.ts'
import { startFakeProvider, type Brain } from '#e2e/world/fake-provider.ts'

export type FakeVendor = Awaited<ReturnType<typeof startFakeVendor>>

/** @param folder where the certificate of the authority is written */
export async function startFakeVendor({ brain, folder }: { brain: Brain; folder: string }) {
  const certificates = makeCertificates(vendorHosts)
  const caFile = path.join(folder, 'vendors.pem')
  writeFileSync(caFile, certificates.ca)
  const model = await startFakeProvider({ key: 'behind-the-vendor', brain, isBehindProxy: false })
  const logins = keepLogins()
  const received: VendorRequest[] = []
  const problems: string[] = []
  const routes: Route[] = []
  const lookups = lookupsOf(logins)

  const server = createServer({ key: certificates.key, cert: certificates.cert }, (req, res) => {
    void answer(req, res).catch((failure: unknown) => {
      problems.push(`${req.method} https://${req.headers.host}${req.url}: ${String(failure)}`)
      res.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of req) pieces.push(piece as Buffer)
    const host = vendorHosts.find((each) => each === req.headers.host)
    if (!host) throw new Error('nobody of this name is here')
    const request: VendorRequest = {
      host,
      method: req.method ?? '',
      path: (req.url ?? '').split('?')[0]!,
      headers: req.headers,
      body: decompressed(Buffer.concat(pieces), req.headers['content-encoding']),
      account: logins.accountOf(vendorOf(host), req.headers.authorization),
      status: null,
    }
    received.push(request)
    const send = ({ status, body, headers = {} }: Answer): void => {
      request.status = status
      res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
    }
    for (const route of routes) {
      const given = await route(request)
      if (given) return send(given)
    }
    const inner = modelRoutes[`${host}${request.path}`]
    if (inner && request.method === 'POST') {
      if (!request.account) return send(unauthorized(host))
      return think(request, inner, res)
    }
    const known = lookups[`${request.method} ${host}${request.path}`]
    if (known) return send(known(request))
    problems.push(`${request.method} https://${host}${request.path} is nothing that this vendor serves`)
    send({ status: 404, body: { detail: 'Not Found' } })
  }

  /** The provider behind it sees a key of its own in the login's place. */
  async function think(request: VendorRequest, inner: string, res: ServerResponse): Promise<void> {
    const left = new AbortController()
    res.once('close', () => left.abort())
    const version = request.headers['anthropic-version']
    const reply = await fetch(model.origin + inner, {
      method: 'POST',
      body: new Uint8Array(request.body),
      signal: left.signal,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${model.key}`,
        ...(typeof version === 'string' && { 'anthropic-version': version }),
      },
    })
    request.status = reply.status
    res.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? 'application/json' })
    if (reply.body) await pipeline(Readable.fromWeb(reply.body as never), res).catch(() => res.destroy())
    else res.end()
  }

  return {
    /** For the server that starts the daemon. */
    environment: {
      GATEHOUSE_TEST_VENDORS: vendorHosts.map((host) => `${host}:443=${address}`).join(','),
      GATEHOUSE_TEST_CA: caFile,
    },
    address,
    ca: certificates.ca,
    caFile,
    logins,
    model,
    received: received as readonly VendorRequest[],
    /** The newest routes are asked first. */
    route: (route: Route): void => void routes.unshift(route),
    /** A login of a new account as its program's file, with what it holds. */
    codexLogin(options: { account?: Account; expiresInMs?: number } = {}): Issued & { contents: string } {
      const issued = logins.issue('openai', options.account ?? logins.newAccount(), options)
      return { ...issued, contents: codexFile(issued) }
    },
    claudeLogin(options: { account?: Account; expiresInMs?: number } = {}): Issued & { contents: string } {
      const issued = logins.issue('anthropic', options.account ?? logins.newAccount({ plan: 'max' }), options)
      return { ...issued, contents: claudeFile(issued) }
    },
    /** A year's subscription token, as `claude setup-token` prints it. */
    claudeToken(): Issued {
      return logins.issue('anthropic', logins.newAccount({ plan: 'max' }), { expiresInMs: 365 * 24 * 3600_000, scope: 'user:inference' })
    },
    assertClean(): void {
      if (problems.length > 0) throw new Error(`The fake vendors complain:\n- ${problems.join('\n- ')}`)
      model.assertClean()
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await model.close()
    },
  }
}

function decompressed(body: Buffer, encoding: string | undefined): Buffer {
  switch (encoding) {
    case 'zstd':
      return zstdDecompressSync(body)
    case 'gzip':
      return gunzipSync(body)
    case 'br':
      return brotliDecompressSync(body)
    default:
      return body
  }
}
