/**
 * The shape of a registry entry: everything we know of one agent program, in one file,
 * read alike by server, daemon and browser. Adding a harness is adding such a file.
 * The functions in an entry are pure: they turn a credential's delivery into what
 * the program wants to find (`core/connections/launch.ts` puts the plan together).
 */
import type { GuidedSignIn } from '#core/harnesses/guided-sign-in.ts'
import type { Dialect } from '#core/providers/dialects.ts'
import type { ProxiedDialect } from '#core/links/proxy-routes.ts'

/** Where a run lives, as the agent's process sees it. All paths are absolute and without a trailing slash. */
export type Place = {
  home: string
  workdir: string
  /** A harness's base URL is `${proxyOrigin}/ai/${segment}`. */
  proxyOrigin: string
  /** `…/<harness>/<version>`: holds the `node_modules` of the pinned package. */
  harnessDir: string
  nodePath: string
  /** Our program that speaks MCP over stdio for those that take it no other way. */
  mcpBridge: string
  /** Node's `process.platform` and `process.arch`, for programs that ship one binary for each. */
  platform: string
  arch: string
  /** Certificates to trust in a vendor's place, for tests alone. */
  vendorCaFile?: string
}

/** Written before the program starts; `path` is absolute and below `home`. */
export type PlacedFile = { path: string; contents: string; mode: number }

/** What one delivery adds to the plan: variables and files, and nothing else. */
export type Setup = { env: Readonly<Record<string, string>>; files: readonly PlacedFile[] }

export type OfferedModel = { id: string; name: string; contextTokens: number; outputTokens: number }

export type ProxySetup = {
  place: Place
  dialect: ProxiedDialect
  /** In the dialect's usual form: with `/v1` for OpenAI's, without a version for the others. */
  baseUrl: string
  /** Stands where a key is expected, and opens nothing. */
  sentinelKey: string
  /** Of the provider's endpoint: asking it for usage in a stream would be refused. */
  reportsUsageUnasked: boolean
  /** The models that the proxy lets through, the menu of the harness; never empty. */
  models: readonly OfferedModel[]
  /** One of `models`. */
  model: OfferedModel
  settings: Readonly<Record<string, string>>
}

export type NativeSetup = { place: Place; model: string | null; settings: Readonly<Record<string, string>> }

/**
 * How a login is tried out: one GET that its vendor answers to whoever shows the access token, which costs nothing and
 * spends nothing. Its host is one of those that a run on the login has.
 */
export type LoginCheck = {
  url: string
  /** What the program sends beside the token. `account` is what the login's file says of it. */
  headers: (account: string | null) => Readonly<Record<string, string>>
  /** Where the answer names the person; null where the login's file does. */
  person: readonly string[] | null
  /** Whether an answer that takes the token says all the same that the account is closed. */
  isClosed?: (answer: unknown, account: string | null) => boolean
  /** A 403 in these words knows the token, which only lacks the right to this one question. */
  takenIn403?: RegExp
}

/** A credential that a harness takes, by kind, with the one way in which that kind reaches it. */
export type Acceptance =
  | {
      kind: 'api-key'
      via: 'proxy'
      dialects: readonly ProxiedDialect[]
      configure: (given: ProxySetup) => Setup
    }
  | {
      kind: 'auth-file'
      via: 'file'
      /** The name of the file's format, as a person chooses it when connecting. */
      format: string
      /** Relative to the run's home. */
      path: string
      mode: number
      /** Whose models the login serves, as far as the catalog knows them. */
      serves: { provider: string; dialect: Dialect } | null
      /** `host:port` of the login's own vendor: a run on it has tunnels to these, and to nothing else. */
      hosts: readonly string[]
      /**
       * Who trades a single-use refresh token for the next one. `broker`: the file holds a sentinel in its place, and
       * `variable` points the program to our broker, which asks at the vendor's `tokenUrl` as the program's `clientId`.
       * `program`: it does so itself, so one run at a time may hold the login, and what it writes is taken back.
       */
      refresh: { by: 'broker'; variable: string; tokenUrl: string; clientId: string } | { by: 'program' }
      /** Null: only a run can tell whether the login is good. */
      check: LoginCheck | null
      /** How the program makes such a file by itself, led by a page. Null: it wants a terminal, so its file is pasted. */
      signIn: GuidedSignIn | null
      configure: (given: NativeSetup & { contents: string }) => Setup
    }
  | {
      kind: 'oauth-token'
      via: 'env'
      issuer: string
      variable: string
      serves: { provider: string; dialect: Dialect } | null
      hosts: readonly string[]
      check: LoginCheck | null
      configure: (given: NativeSetup & { token: string }) => Setup
    }
export type AcceptanceOf<K extends Acceptance['kind']> = Extract<Acceptance, { kind: K }>

export type Mode = { id: string; name: string; /** Whether it asks before it changes a file. */ asks: boolean }

export type Harness = {
  id: string
  name: string
  /** Who makes it. */
  maker: string
  /** Offered only where GATEHOUSE_TESTING=1. */
  isTesting: boolean
  /** The npm package that speaks ACP, pinned; `agent/launch/locks/<id>` pins the whole tree. Null: comes with the daemon. */
  package: { name: string; version: string } | null
  /** The lowest Node major version the program runs on; null for a native program. */
  nodeMajor: number | null
  /** The program and its arguments; ACP over stdio. */
  start: (place: Place) => { command: string; args: readonly string[] }
  /** Variables of every run, whatever the credential. */
  env: (place: Place) => Readonly<Record<string, string>>
  /** Where a project's instructions go, relative to home. */
  instructionsPath: string | null
  accepts: readonly Acceptance[]
  /**
   * Names that steer the program to a proxy or give it a key. None of them may be set
   * beside a native login: the login would be sent to whatever they name.
   */
  proxyVariables: readonly string[]
  /** Upstream ids in the order of preference, for whoever did not choose. */
  preferredModels: readonly string[]
  /**
   * Upstream ids that it asks for by itself (titles, routing) and that no setting of its turns to another model, so the
   * proxy lets them through. Whatever can be turned is, in `configure`: to one of the models that are allowed.
   */
  backgroundModels: readonly string[]
  /** The ACP config option that changes the model of a live session, and its value for a catalog id. */
  modelOption: { id: string; valueOf: (modelId: string, via: Acceptance['via']) => string } | null
  /** How hard it thinks: the ACP config option, when there is one. */
  effortOption: string | null
  modes: readonly Mode[]
  defaultMode: string | null
  mcp: { stdio: boolean; http: boolean; sse: boolean }
  /** What the tried version advertises; the daemon believes the program's own word first. */
  sessions: { canLoad: boolean; canResume: boolean; canList: boolean; canClose: boolean }
  /** Whether it ends a turn when it is asked to; of another, the process is ended. ACP has no word for it: as tried. */
  stopsWhenAsked: boolean
  /** Sentences about what this version cannot do, shown beside it. */
  limits: readonly string[]
}

export const defineHarness = <const H extends Harness>(harness: H): Harness => harness

export const acceptance = <K extends Acceptance['kind']>(harness: Harness, kind: K): AcceptanceOf<K>[] =>
  harness.accepts.filter((each): each is AcceptanceOf<K> => each.kind === kind)

/** The dialects in which a harness can use an API key, its own first; empty when it takes none. */
export const keyDialects = (harness: Harness): readonly ProxiedDialect[] => acceptance(harness, 'api-key').flatMap((each) => each.dialects)

/** The login file that a delivery of this format is written to; null where the harness takes no such file. */
export const loginFileOf = (harness: Harness, format: string): AcceptanceOf<'auth-file'> | null =>
  acceptance(harness, 'auth-file').find((each) => each.format === format) ?? null

export const speaks = (harness: Harness, dialect: Dialect): boolean => keyDialects(harness).some((each) => each === dialect)

/** The login file that a harness can make by itself, with a person who follows its link; null where one has to be pasted. */
export const guidedLoginOf = (harness: Harness): { format: string; path: string; signIn: GuidedSignIn } | null => {
  for (const { format, path, signIn } of acceptance(harness, 'auth-file')) if (signIn) return { format, path, signIn }
  return null
}
