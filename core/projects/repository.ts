/**
 * Which repository addresses Gatehouse takes: what git itself accepts, less what git
 * would run, and less SSH, for which a run has no key. `git clone -- <address>` is called
 * with the text as it stands here.
 */

const MAX_LENGTH = 2_000
const SCHEMES = new Set(['https:', 'http:', 'git:'])

export type RepositoryVerdict =
  | { ok: true; url: string }
  | {
      ok: false
      reason:
        | 'empty'
        | 'too-long'
        | 'control-characters'
        | 'option-like'
        | 'remote-helper'
        | 'password-in-address'
        | 'needs-ssh'
        | 'not-an-address'
    }

/** Whether it names a folder of the machine that clones it, and not a server that decides itself who may read what. */
export const isLocalRepository = (url: string): boolean => url.startsWith('/') || /^file:/i.test(url)

/** `user@host:path` or `host:path`, as git and scp write it. */
const SCP_LIKE = /^(?:[A-Za-z0-9._-]+@)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?):(?!\/\/)[^\s:-][^\s]*$/

/** Trims the address and says whether it can be given to git. Whether anything is there, only a clone can tell. */
export function checkRepositoryUrl(text: string): RepositoryVerdict {
  const url = text.trim()
  if (url === '') return { ok: false, reason: 'empty' }
  if (url.length > MAX_LENGTH) return { ok: false, reason: 'too-long' }
  // eslint-disable-next-line no-control-regex -- these are what must not pass
  if (/[\u0000-\u001f\u007f]/.test(url)) return { ok: false, reason: 'control-characters' }
  // git would read it as an option, wherever it stands.
  if (url.startsWith('-')) return { ok: false, reason: 'option-like' }
  // `ext::`, `fd::` and friends run a program of the address's choosing.
  if (/^[A-Za-z0-9+.-]+::/.test(url)) return { ok: false, reason: 'remote-helper' }
  if (url.startsWith('/')) return { ok: true, url }
  if (url.includes('://')) return checkSchemed(url)
  return { ok: false, reason: SCP_LIKE.test(url) ? 'needs-ssh' : 'not-an-address' }
}

function checkSchemed(url: string): RepositoryVerdict {
  if (!URL.canParse(url)) return { ok: false, reason: 'not-an-address' }
  const { protocol, hostname, password, pathname } = new URL(url)
  if (protocol === 'file:')
    return (hostname === '' || hostname === 'localhost') && pathname.length > 1
      ? { ok: true, url }
      : { ok: false, reason: 'not-an-address' }
  if (protocol === 'ssh:' || protocol === 'git+ssh:') return { ok: false, reason: 'needs-ssh' }
  if (!SCHEMES.has(protocol) || hostname === '') return { ok: false, reason: 'not-an-address' }
  if (hostname.startsWith('-')) return { ok: false, reason: 'option-like' }
  // It would be shown to everybody in the project and written into the clone's configuration.
  if (password !== '') return { ok: false, reason: 'password-in-address' }
  return { ok: true, url }
}
