/**
 * One line of JSON per event on standard error. Tokens and the proxy's path, which holds
 * one, are rewritten before anything is written: whoever logs need not remember to.
 */
import pino from 'pino'

const TOKEN = /\b(pat|wst|wsr|njt|inv|set)_[A-Za-z0-9_-]{8,}/g
const HOOK_SECRET = /\bwhsec_[A-Za-z0-9+/=]{8,}/g
const PROXY_PATH = /\/ai\/proxy\/[^/\s"?]+/g

/** Also used for what is shown on the console. */
export const withoutTokens = (text: string): string =>
  text.replace(PROXY_PATH, '/ai/proxy/…').replace(TOKEN, '$1_…').replace(HOOK_SECRET, 'whsec_…')

export const log = pino(
  {
    level: process.env['GATEHOUSE_LOG'] ?? 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['req.headers.cookie', 'req.headers.authorization', '*.secret', '*.password'], censor: '…' },
  },
  { write: (line: string) => void process.stderr.write(withoutTokens(line)) },
)
