import { expect, it } from 'vitest'
import { nameFromRepository, repositoryLabel } from '#components/projects/repository.ts'

it.each([
  ['https://github.com/acme/api.git', 'github.com/acme/api', 'api'],
  ['https://user:secret@git.example.com/acme/api/', 'git.example.com/acme/api', 'api'],
  ['git@github.com:acme/api.git', 'github.com/acme/api', 'api'],
  ['ssh://git@host.example:2222/acme/api.git', 'host.example:2222/acme/api', 'api'],
  ['file:///srv/git/tools.git', '/srv/git/tools', 'tools'],
  ['/srv/git/tools.git', '/srv/git/tools', 'tools'],
  ['', '', ''],
])('%s is known as %s', (address, label, name) => {
  expect(repositoryLabel(address)).toBe(label)
  expect(nameFromRepository(address)).toBe(name)
})
