/** Names that git takes for a branch, as `git check-ref-format --branch` judges them, and none that a command could take for an option. */
import { z } from 'zod'

// oxlint-disable-next-line no-control-regex -- git refuses control characters, and so does this
const REFUSED = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|\/\/|@\{|\.$|\/$|^[-/]|^@$|^HEAD$/

export const isBranchName = (name: string): boolean =>
  name !== '' &&
  name.length <= 200 &&
  !REFUSED.test(name) &&
  name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'))

export const BranchName = z.string().refine(isBranchName, { error: 'Expected the name of a git branch' })
