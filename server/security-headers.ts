/**
 * What every answer carries. Pages also get a policy that runs only scripts with this
 * answer's nonce; Next reads the nonce from the request, so the policy is set on both.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

export const NONCE_HEADER = 'x-nonce'

export function setSecurityHeaders(res: ServerResponse, { isHttps }: { isHttps: boolean }): void {
  res.setHeader('x-content-type-options', 'nosniff')
  res.setHeader('x-frame-options', 'DENY')
  res.setHeader('referrer-policy', 'no-referrer')
  res.setHeader('cross-origin-opener-policy', 'same-origin')
  res.setHeader('cross-origin-resource-policy', 'same-origin')
  res.setHeader('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=(), usb=()')
  // A page sets its own; nothing else is meant to be rendered.
  res.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  if (isHttps) res.setHeader('strict-transport-security', 'max-age=31536000')
}

/** For what Next answers. Whatever the client sent under these names is replaced. */
export function setPagePolicy(req: IncomingMessage, res: ServerResponse, { isDevelopment }: { isDevelopment: boolean }): void {
  const nonce = randomBytes(16).toString('base64')
  const policy = pagePolicy({ nonce, isDevelopment })
  req.headers['content-security-policy'] = policy
  req.headers[NONCE_HEADER] = nonce
  res.setHeader('content-security-policy', policy)
}

export function pagePolicy({ nonce, isDevelopment }: { nonce: string; isDevelopment: boolean }): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ''}`,
    // Inline style attributes and injected style elements are how the component libraries work.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "object-src 'none'",
    "frame-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}
