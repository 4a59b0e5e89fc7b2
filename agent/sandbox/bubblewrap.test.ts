import { describe, expect, it } from 'vitest'
import { bubblewrapCommand, type Confinement, type Method } from '#agent/sandbox/bubblewrap.ts'
import { seccompProgram } from '#agent/sandbox/seccomp.ts'

const confinement = (method: Method): Confinement => ({
  method,
  uid: 300_001,
  system: [
    { path: '/usr', linkTo: null },
    { path: '/bin', linkTo: 'usr/bin' },
  ],
  mounts: [
    { from: '/srv/home', at: '/home/agent', mayWrite: true },
    { from: '/srv/settings', at: '/etc/tool/settings.json', mayWrite: false },
  ],
  cwd: '/work',
  command: ['/opt/agent', '--acp'],
  seccompDescriptor: 4,
  infoDescriptor: 3,
  limits: { processes: 10, openFiles: 20, fileBytes: 30, temporaryBytes: 40 },
})
const methods: Method[] = [
  { is: 'uid-inside', bwrap: '/usr/bin/bwrap' },
  { is: 'uid-and-user-namespace', bwrap: '/usr/bin/bwrap' },
  { is: 'user-namespace', bwrap: '/usr/bin/bwrap' },
]

describe.each(methods)('the command line by $is', (method) => {
  const command = bubblewrapCommand(confinement(method))
  const has = (...words: string[]) => command.join(' ').includes(words.join(' '))

  it('takes away namespaces, rights and the way back', () => {
    for (const flag of ['--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts', '--die-with-parent', '--new-session'])
      expect(command).toContain(flag)
    expect(has('--cap-drop', 'ALL')).toBe(true)
    expect(has('--seccomp', '4')).toBe(true)
    expect(command.slice(-2)).toEqual(['/opt/agent', '--acp'])
    // Codex builds a sandbox of its own inside.
    expect(command).not.toContain('--disable-userns')
  })

  it('mounts only what is named, and makes parents walkable first', () => {
    expect(has('--bind', '/srv/home', '/home/agent')).toBe(true)
    expect(has('--ro-bind', '/srv/settings', '/etc/tool/settings.json')).toBe(true)
    expect(command.indexOf('/etc/tool')).toBeLessThan(command.indexOf('/etc/tool/settings.json'))
    expect(command.filter((word) => word === '--bind')).toHaveLength(1)
    expect(has('--remount-ro', '/')).toBe(true)
  })

  it('changes the user where the daemon is root, before or after the mounts', () => {
    const change = command.findIndex((word) => word === '--reuid=300001')
    if (method.is === 'user-namespace') expect(change).toBe(-1)
    else expect(change > command.indexOf('/usr/bin/bwrap')).toBe(method.is === 'uid-inside')
    expect(command.includes('--unshare-user')).toBe(method.is !== 'uid-inside')
    expect(command.includes('--nproc=10')).toBe(method.is !== 'user-namespace')
  })
})

it('has a filter for the architectures that it knows', () => {
  for (const architecture of ['x64', 'arm64']) {
    const program = seccompProgram(architecture)!
    expect(program.length % 8).toBe(0)
    expect(program.length / 8).toBeLessThan(256)
    expect(program.readUInt32LE(program.length - 4)).toBe(0x7fff0000)
  }
  expect(seccompProgram('riscv64')).toBeNull()
})
