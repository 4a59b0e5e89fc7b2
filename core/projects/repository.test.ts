import { describe, expect, it } from 'vitest'
import { checkRepositoryUrl, isLocalRepository } from './repository.ts'

describe('checkRepositoryUrl', () => {
  it.each([
    'https://github.com/example/project.git',
    'http://127.0.0.1:8080/project',
    'git://host.example/project.git',
    'https://user@host.example/project',
    'https://%zz@host.example/project',
    '/srv/git/my project.git',
    'file:///srv/git/project',
    'https://host.example/%E2%98%83/☃.git',
  ])('takes %s as it stands', (url) => {
    expect(checkRepositoryUrl(`  ${url}\n`)).toEqual({ ok: true, url })
  })

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    [`https://host.example/${'x'.repeat(2_000)}`, 'too-long'],
    ['https://host.example/a\nb', 'control-characters'],
    ['/srv/\u0000', 'control-characters'],
    ['--upload-pack=touch /tmp/x', 'option-like'],
    ['-oProxyCommand=x', 'option-like'],
    ['https://-host.example/project', 'option-like'],
    ['ssh://git@host.example:2222/project.git', 'needs-ssh'],
    ['ssh://-oProxyCommand=x/project', 'needs-ssh'],
    ['git@github.com:example/project.git', 'needs-ssh'],
    ['host.example:project', 'needs-ssh'],
    ['git@[::1]:project', 'needs-ssh'],
    ['ext::sh -c touch% /tmp/x', 'remote-helper'],
    ['fd::17', 'remote-helper'],
    ['https://user:secret@host.example/project', 'password-in-address'],
    ['file://host.example/project', 'not-an-address'],
    ['file:///', 'not-an-address'],
    ['ftp://host.example/project', 'not-an-address'],
    ['project', 'not-an-address'],
    ['../project', 'not-an-address'],
    ['host:-option', 'not-an-address'],
    ['-host:project', 'option-like'],
    ['git@-host:project', 'not-an-address'],
    ['https://', 'not-an-address'],
  ])('refuses %j: %s', (url, reason) => {
    expect(checkRepositoryUrl(url)).toEqual({ ok: false, reason })
  })
})

it.each([
  ['/srv/git/project', true],
  ['file:///srv/git/project', true],
  ['FILE:///srv/git/project', true],
  ['https://host.example/srv', false],
  ['git@host.example:/srv/git/project', false],
])('tells a folder of the machine from a server: %s', (url, isLocal) => {
  expect(isLocalRepository(url)).toBe(isLocal)
})
