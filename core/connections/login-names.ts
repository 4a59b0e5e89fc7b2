/** Whose account a login file opens, in the words of its vendor: people know a ChatGPT account, not a format. */
const names: Readonly<Record<string, string>> = { codex: 'ChatGPT', claude: 'Claude', opencode: 'OpenCode' }

/** The format itself where nobody knows better. */
export const loginName = (format: string): string => names[format] ?? format
