/**
 * A chat's private home and working directory on this node:
 * `<root>/<chatId>/{home…,work,git}` and `state.json`, which only the daemon reads.
 * `git` is the private git folder of `changes.ts`, out of the agent's sight.
 */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { RunId, type ChatId } from '#core/ids.ts'
import { FIRST_RUN_UID, RUN_UIDS } from '#agent/sandbox/probe.ts'
import { makePrivateFolder } from '#agent/sandbox/sandbox.ts'

/**
 * A credential's delivery names the home. What a proxied run planted must not meet a login, nor may a login lie
 * where a proxied run looks: so they share the working directory and nothing else.
 */
const HomeKind = z.enum(['proxy', 'file', 'env'])
export type HomeKind = z.infer<typeof HomeKind>
const homeNames = { proxy: 'home', file: 'home-file', env: 'home-token' } as const satisfies Record<HomeKind, string>

const State = z.object({
  /** Set once the working directory is ready: cloned, or empty on purpose. */
  isReady: z.boolean().default(false),
  repositoryUrl: z.string().nullable().default(null),
  baseCommit: z.string().nullable().default(null),
  /** The agent's own session for each kind of home, since no home holds the sessions of another. */
  sessions: z.partialRecord(HomeKind, z.string()).default({}),
  /**
   * A login file that may still lie in the home of its kind: set before it is written, cleared once it is gone.
   * `digest` is of what was written, where the program may have made another of it.
   */
  login: z.object({ runId: RunId, epoch: z.int(), path: z.string(), digest: z.string().nullable() }).nullable().default(null),
})
export type WorkspaceState = z.infer<typeof State>

export type Workspace = {
  chatId: ChatId
  folder: string
  home: string
  workdir: string
  git: string
  /** The user id of this chat's processes, where the daemon can give them one. */
  uid: number
  state: () => WorkspaceState
  remember: (state: Partial<WorkspaceState>) => void
}

/** The same user id for every run of a chat, so that its files stay its own. */
export const uidOf = (id: string): number => FIRST_RUN_UID + (createHash('sha256').update(id).digest().readUInt32BE(0) % RUN_UIDS)

const STATE_FILE = 'state.json'

/** What is remembered of a chat's folder, without making anything of it. */
export function stateIn(folder: string): WorkspaceState {
  const file = join(folder, STATE_FILE)
  return State.parse(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {})
}

export function openWorkspace(root: string, chatId: ChatId, kind: HomeKind = 'proxy'): Workspace {
  const folder = join(root, chatId)
  const uid = uidOf(chatId)
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  // Walkable, not readable: where bubblewrap runs as the run's user, it must get through.
  chmodSync(folder, 0o711)
  const [home, workdir, git] = [homeNames[kind], 'work', 'git'].map((name) => join(folder, name)) as [string, string, string]
  for (const path of [home, workdir, git]) if (!existsSync(path)) makePrivateFolder(path, uid)
  const file = join(folder, STATE_FILE)
  const state = (): WorkspaceState => stateIn(folder)
  return {
    chatId,
    folder,
    home,
    workdir,
    git,
    uid,
    state,
    remember(changed) {
      writeFileSync(`${file}.new`, JSON.stringify({ ...state(), ...changed }), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
  }
}
