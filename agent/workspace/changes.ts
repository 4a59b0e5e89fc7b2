/**
 * What the agent changed, against the commit (or the empty folder) the chat started
 * from. git runs inside the sandbox, since a repository that an agent wrote can make
 * git run programs; and with a private git folder, so that neither the repository's
 * own index nor its configuration plays a part. Untracked files count.
 */
import type { ChangedFile } from '#core/chat/events.ts'
import { inside, insidePath } from '#agent/sandbox/inside.ts'
import { runConfined, type Sandbox } from '#agent/sandbox/sandbox.ts'
import type { Workspace } from '#agent/workspace/workspace.ts'

const PRIVATE_GIT = '/opt/gatehouse/changes'
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
const MARK = '\0\0patch\n'
const MAX_FILES = 1_000
/** Below the size of an event, with room for what JSON adds. */
const MAX_PATCH_JSON = 180_000

export type Changes = { files: ChangedFile[]; isTruncated: boolean }

const script = `
set -e
if [ ! -f "$GIT_DIR/HEAD" ]; then
  git init --quiet
  if [ -d "$GIT_WORK_TREE/.git/objects" ]; then
    echo "$GIT_WORK_TREE/.git/objects" > "$GIT_DIR/objects/info/alternates"
  else
    printf 'node_modules/\\n.venv/\\n__pycache__/\\n' > "$GIT_DIR/info/exclude"
  fi
  git read-tree "$1"
fi
git add --all --ignore-errors . 2>/dev/null || true
git diff --cached --find-renames --raw --numstat -z --no-ext-diff --no-textconv "$1"
printf '\\0\\0patch\\n'
git diff --cached --find-renames --patch --no-color --no-ext-diff --no-textconv "$1"
`

/** @returns null when git could not say, such as after the agent destroyed the repository */
export async function readChanges(sandbox: Sandbox, workspace: Workspace, baseCommit: string | null): Promise<Changes | null> {
  const gitDir = sandbox.method ? PRIVATE_GIT : workspace.git
  const workTree = sandbox.method ? inside.workdir : workspace.workdir
  const result = await runConfined(
    sandbox,
    {
      uid: workspace.uid,
      mounts: [
        { from: workspace.workdir, at: inside.workdir, mayWrite: false },
        { from: workspace.git, at: PRIVATE_GIT, mayWrite: true },
      ],
      files: [],
      gatewaySocket: null,
      environment: {
        PATH: insidePath,
        HOME: '/tmp',
        LANG: 'C.UTF-8',
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_DIR: gitDir,
        GIT_WORK_TREE: workTree,
        GIT_OPTIONAL_LOCKS: '0',
      },
      cwd: workTree,
      command: ['/bin/sh', '-c', script, 'sh', baseCommit ?? EMPTY_TREE],
    },
    { timeoutMs: 60_000, maxBytes: 4_000_000 },
  )
  if (result.code !== 0 || !result.stdout.includes(MARK)) return null
  const end = result.stdout.indexOf(MARK)
  return parseChanges({ raw: result.stdout.slice(0, end), patch: result.stdout.slice(end + MARK.length), isCut: result.isCut })
}

const statuses: Readonly<Record<string, ChangedFile['status']>> = { A: 'added', D: 'deleted', R: 'renamed', C: 'added' }

/** Pure. `raw` is the output of `git diff --raw --numstat -z`, `patch` that of `git diff --patch`. */
export function parseChanges({ raw, patch, isCut }: { raw: string; patch: string; isCut: boolean }): Changes {
  const files: ChangedFile[] = []
  const fields = raw.split('\0')
  let at = 0
  for (; fields[at]?.startsWith(':');) {
    const letter = fields[at]!.split(' ').at(-1)![0]!
    const isPair = letter === 'R' || letter === 'C'
    const path = fields[at + (isPair ? 2 : 1)] ?? ''
    files.push({
      path,
      ...(letter === 'R' && { previousPath: fields[at + 1] }),
      status: statuses[letter] ?? 'modified',
      added: 0,
      removed: 0,
      isBinary: false,
    })
    at += isPair ? 3 : 2
  }
  for (const file of files) {
    const [added = '', removed = '', path = ''] = (fields[at] ?? '').split('\t')
    file.isBinary = added === '-'
    file.added = Number(added) || 0
    file.removed = Number(removed) || 0
    at += path === '' ? 3 : 1
  }
  const isTruncated = addPatches(files, patch, isCut)
  return { files: files.slice(0, MAX_FILES), isTruncated: isTruncated || files.length > MAX_FILES }
}

/** The sections stand in the order of the files. */
function addPatches(files: ChangedFile[], patch: string, isCut: boolean): boolean {
  const sections = patch.split(/^(?=diff --git )/m).filter((section) => section.startsWith('diff --git '))
  if (isCut) sections.pop()
  let room = MAX_PATCH_JSON
  let isTruncated = isCut
  for (const [index, file] of files.entries()) {
    const section = sections[index]
    if (file.isBinary || section === undefined) continue
    const size = JSON.stringify(section).length
    if (size > room) isTruncated = true
    else {
      room -= size
      file.patch = section
    }
  }
  return isTruncated
}
