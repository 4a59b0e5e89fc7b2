/** One line of JSON per event on standard error; tokens are rewritten before anything is written. */
import pino from 'pino'

const TOKEN = /\b(pat|wst|njt|inv)_[A-Za-z0-9_-]{8,}/g

export const log = pino(
  { level: process.env['GATEHOUSE_LOG'] ?? 'info', base: { of: 'daemon' }, timestamp: pino.stdTimeFunctions.isoTime },
  { write: (line: string) => void process.stderr.write(line.replace(TOKEN, '$1_…')) },
)
