/** What `npm run bench -- <name>` can run. A new one is a file that exports a `Benchmark`, and a line in `bin/bench.ts`. */
export type Benchmark = {
  name: string
  /** One line for the list. */
  says: string
  /**
   * Prints what it measured. Leaves nothing behind: no process, no port, no file but those it was asked for.
   * @param args what stands behind the name on the command line
   * @throws UsageError
   */
  run(args: string[]): Promise<void>
}

/** What was asked for cannot be done; the message is a sentence for whoever typed it. */
export class UsageError extends Error {}
