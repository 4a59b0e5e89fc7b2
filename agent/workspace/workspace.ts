/**
 * A chat's private home and working directory on this node:
 * `<root>/<chatId>/{home,work,git}` and `state.json`, which only the daemon reads.
 * `git` is the private git folder of `changes.ts`, out of the agent's sight.
 */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { ChatId } from '#core/ids.ts'
import { FIRST_RUN_UID, RUN_UIDS } from '#agent/sandbox/probe.ts'
import { makePrivateFolder } from '#agent/sandbox/sandbox.ts'

const State = z.object({
  /** Set once the working directory is ready: cloned, or empty on purpose. */
  isReady: z.boolean().default(false),
  repositoryUrl: z.string().nullable().default(null),
  baseCommit: z.string().nullable().default(null),
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
  remember: (state: WorkspaceState) => void
}

/** The same id for every run of a chat, so that its files stay its own. */
const uidOf = (chatId: ChatId): number => FIRST_RUN_UID + (createHash('sha256').update(chatId).digest().readUInt32BE(0) % RUN_UIDS)

export function openWorkspace(root: string, chatId: ChatId): Workspace {
  const folder = join(root, chatId)
  const uid = uidOf(chatId)
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  // Walkable, not readable: where bubblewrap runs as the run's user, it must get through.
  chmodSync(folder, 0o711)
  const [home, workdir, git] = ['home', 'work', 'git'].map((name) => join(folder, name)) as [string, string, string]
  for (const path of [home, workdir, git]) if (!existsSync(path)) makePrivateFolder(path, uid)
  const file = join(folder, 'state.json')
  return {
    chatId,
    folder,
    home,
    workdir,
    git,
    uid,
    state: () => State.parse(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}),
    remember(state) {
      writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
  }
}
