/** Failures of the database that pass by themselves: the same statement may succeed a moment later. */
const TRANSIENT = new Set(['40001', '40P01', '53300', '57014', '57P01', '57P02', '57P03', '08000', '08003', '08006', '08001', '08004'])
const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT'])

export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    TRANSIENT.has(code) ||
    SOCKET.has(code) ||
    /connection (terminated|timeout|ended)|client has encountered a connection error/i.test(error.message)
  )
}
