/**
 * A certificate authority of one test's own, and one certificate of it: agents do TLS with
 * their vendor as always, and trust this authority because the daemon was told to. Written
 * byte by byte (DER), so that a test needs no program of the machine.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

export type Certificates = {
  /** The authority, as PEM: what an agent must trust. */
  ca: string
  /** The server's certificate and key, as PEM. */
  cert: string
  key: string
}

const tagged = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  const length =
    body.length < 0x80
      ? Buffer.from([body.length])
      : body.length < 0x100
        ? Buffer.from([0x81, body.length])
        : Buffer.from([0x82, body.length >> 8, body.length & 0xff])
  return Buffer.concat([Buffer.from([tag]), length, body])
}
const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts)
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes)
const yes = tagged(0x01, Buffer.from([0xff]))

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const each of rest) {
    const groups = [each & 0x7f]
    for (let left = each >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return tagged(0x06, Buffer.from(bytes))
}

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))
const nameOf = (common: string): Buffer => sequence(tagged(0x31, sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from(common)))))
/** UTCTime: two digits of the year. */
const timeOf = (at: Date): Buffer => tagged(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`))
const extension = (id: string, value: Buffer, isCritical = false): Buffer =>
  sequence(oid(id), ...(isCritical ? [yes] : []), tagged(0x04, value))

const extensionsOf = {
  authority: [
    extension('2.5.29.19', sequence(yes), true),
    // keyCertSign and cRLSign
    extension('2.5.29.15', tagged(0x03, Buffer.from([0x01, 0x06])), true),
  ],
  server: (names: readonly string[]) => [
    extension('2.5.29.19', sequence(), true),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', sequence(...names.map((name) => tagged(0x82, Buffer.from(name))))),
  ],
}

type Wanted = { subject: string; issuer: string; of: KeyObject; by: KeyObject; extensions: readonly Buffer[] }

function certificate({ subject, issuer, of, by, extensions }: Wanted): string {
  const now = Date.now()
  const day = 24 * 3600_000
  const contents = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    // Positive, whatever the random bytes are.
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(timeOf(new Date(now - day)), timeOf(new Date(now + 30 * day))),
    nameOf(subject),
    of.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', contents, { key: by, dsaEncoding: 'der' })
  const der = sequence(contents, ecdsaWithSha256, tagged(0x03, Buffer.from([0]), signature))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** @param names the hosts that the server answers for */
export function makeCertificates(names: readonly string[]): Certificates {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = 'Fake vendors of a test'
  const by = authority.privateKey
  return {
    ca: certificate({ subject: issuer, issuer, of: authority.publicKey, by, extensions: extensionsOf.authority }),
    cert: certificate({ subject: names[0] ?? 'vendor', issuer, of: server.publicKey, by, extensions: extensionsOf.server(names) }),
    key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}
