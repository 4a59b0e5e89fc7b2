/** Narrower sentences for failures whose facts say what exactly is wrong. */

const repositoryReasons: Readonly<Record<string, string>> = {
  'too-long': 'This address is longer than any that git would take.',
  'control-characters': 'This address holds invisible characters. Type it instead of pasting it.',
  'option-like': 'This address begins like an option of git, so it is not used.',
  'remote-helper': 'Addresses that let git run a program (like ext::) are not used.',
  'password-in-address': 'This address holds a password, which everybody in the project would see. Leave the password out.',
  'needs-ssh': 'Agents have no SSH key to clone this with. Enter the repository’s https address.',
  'not-an-address': 'This is not an address that git can clone: enter https, or an absolute path on the server.',
}

const credentialProblems: Readonly<Record<string, string>> = {
  empty: 'Nothing was pasted yet.',
  spaces: 'There is a space or a line break inside. Paste the credential alone.',
  characters: 'There are characters in it that no credential has. Copy it again from where it was shown.',
  'too-short': 'This is too short to be whole. Copy it again from where it was shown.',
  'looks-like-api-key': 'This is an API key. Choose “Key, billed by use” above and paste it there.',
  'looks-like-oauth-token': 'This is a setup token. Choose “Setup token” above and paste it there.',
  unknown: 'This provider is not known here.',
  'only-custom': 'Only a custom provider has an address of its own.',
  missing: 'Something is missing: a custom provider needs an address.',
  'not-a-url': 'This address is not a URL. It begins with https:// and holds no question mark.',
  'other-kind': 'This credential is of another kind. Make a new one for it, and let the configuration use that.',
  'not-json': 'A login file is JSON, and this is not. Choose the file itself, or paste the whole of it.',
  'not-a-login': 'This JSON is not a login of this agent. If it holds an API key, connect that as a key instead.',
  'holds-api-key':
    'There is an API key beside this login, which every agent on it could read. Set OPENAI_API_KEY in the file to null; connect the key separately.',
  'signed-out': 'This login file is signed out. Sign in with the agent again, then bring the new file.',
}

const upstreamReasons: Readonly<Record<string, (host: string) => string>> = {
  'host-not-found': (host) => `${host} cannot be found from this server. Check the address, and that the server has a network.`,
  'not-https': (host) => `${host} is asked over plain http, which would show the key to everybody on the way. Use https.`,
  'has-credentials': () => 'This address holds a name or password. Leave them out; the key goes into its own field.',
  'not-a-url': () => 'This address is not a URL. It begins with https:// and holds no question mark.',
}

const word = (value: unknown): string => (typeof value === 'string' ? value : '')

export const repositoryReason = (reason: unknown): string | null => repositoryReasons[word(reason)] ?? null

export const upstreamReason = (reason: unknown, host: string): string | null => upstreamReasons[word(reason)]?.(host) ?? null

export const credentialProblem = (problem: unknown): string | null => credentialProblems[word(problem)] ?? null
