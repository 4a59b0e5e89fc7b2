/** What a person at the terminal reads; the log is for machines and goes to standard error. */
export const say = (text: string): void => void process.stdout.write(`${text}\n`)
