/** The changed files as a tree with counts; a chain of folders that hold one thing each is one line. */
import type { ChangedFile } from '#core/chat/events.ts'

export type ChangeLine =
  | { is: 'folder'; path: string; name: string; depth: number; added: number; removed: number; files: number }
  | { is: 'file'; path: string; name: string; depth: number; file: ChangedFile }

type Folder = { path: string; folders: Map<string, Folder>; files: ChangedFile[] }

export type ChangeTotals = { files: number; added: number; removed: number }

export function totalsOf(files: readonly ChangedFile[]): ChangeTotals {
  let added = 0
  let removed = 0
  for (const file of files) {
    added += file.added
    removed += file.removed
  }
  return { files: files.length, added, removed }
}

/** Lines in drawing order: folders first, then files, each by name; what lies in a collapsed folder is left out. */
export function changeLines(files: readonly ChangedFile[], collapsed: ReadonlySet<string>): ChangeLine[] {
  const root: Folder = { path: '', folders: new Map(), files: [] }
  for (const file of files) {
    let folder = root
    for (const name of file.path.split('/').slice(0, -1)) {
      const path = folder.path === '' ? name : `${folder.path}/${name}`
      let next = folder.folders.get(name)
      if (!next) folder.folders.set(name, (next = { path, folders: new Map(), files: [] }))
      folder = next
    }
    folder.files.push(file)
  }
  const lines: ChangeLine[] = []
  drawInside({ folder: root, depth: 0, collapsed, lines })
  return lines
}

function drawInside({
  folder,
  depth,
  collapsed,
  lines,
}: {
  folder: Folder
  depth: number
  collapsed: ReadonlySet<string>
  lines: ChangeLine[]
}) {
  for (const [name, inner] of [...folder.folders].toSorted(byName)) {
    let shown = inner
    let shownName = name
    while (shown.files.length === 0 && shown.folders.size === 1) {
      const [onlyName, only] = [...shown.folders][0]!
      shownName = `${shownName}/${onlyName}`
      shown = only
    }
    lines.push({ is: 'folder', path: shown.path, name: shownName, depth, ...totalsOf(filesUnder(shown)) })
    if (!collapsed.has(shown.path)) drawInside({ folder: shown, depth: depth + 1, collapsed, lines })
  }
  for (const file of folder.files.toSorted((a, b) => byName([a.path, null], [b.path, null]))) {
    lines.push({ is: 'file', path: file.path, name: file.path.split('/').at(-1)!, depth, file })
  }
}

const filesUnder = (folder: Folder): ChangedFile[] => [...folder.files, ...[...folder.folders.values()].flatMap(filesUnder)]

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => a.localeCompare(b, 'en', { numeric: true })
