/**
 * A start that cannot succeed until a person changes something. `message` is the one
 * sentence they read on the console; `bin/` prints it without a stack and exits with 1.
 */
export class StartError extends Error {
  override readonly name = 'StartError'
}
