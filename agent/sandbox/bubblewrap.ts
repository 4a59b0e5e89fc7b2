/**
 * The command line of one sandboxed process: pure, so that every flag can be tested.
 * `sandbox.ts` opens the descriptors that it names and spawns it.
 *
 * No argument and no environment variable may hold a secret: both are readable to
 * the user's other processes, and bubblewrap's own environment to the agent.
 */
import { inside } from '#agent/sandbox/inside.ts'

/** How the sandbox is made; `probe.ts` finds the best that this machine allows. */
export type Method =
  /** root: bubblewrap sets up as root, so it may walk folders that are shut to runs; the process inside has the run's user id and no rights */
  | { is: 'uid-inside'; bwrap: string }
  /** root that may not mount, as in some containers: bubblewrap itself runs with the run's user id, in a user namespace */
  | { is: 'uid-and-user-namespace'; bwrap: string }
  /** an ordinary user: a user namespace, and its own user id in it */
  | { is: 'user-namespace'; bwrap: string }

/** One path of the host that is seen inside. */
export type Mount = { from: string; at: string; mayWrite: boolean }

export type Confinement = {
  method: Method
  uid: number
  /** Folders and links of the system that every run sees, such as /usr. */
  system: readonly { path: string; linkTo: string | null }[]
  mounts: readonly Mount[]
  cwd: string
  command: readonly string[]
  seccompDescriptor: number | null
  infoDescriptor: number
  limits: { processes: number; openFiles: number; fileBytes: number; temporaryBytes: number }
}

const dropPrivileges = (uid: number): string[] => [
  '/usr/bin/setpriv',
  `--reuid=${uid}`,
  `--regid=${uid}`,
  '--clear-groups',
  '--bounding-set=-all',
  '--inh-caps=-all',
  '--no-new-privs',
  '--',
]

export function bubblewrapCommand(confinement: Confinement): [string, ...string[]] {
  const { method, uid, limits } = confinement
  // A count of processes is per user id: meaningful only where the run has one of its own.
  const nproc = method.is === 'user-namespace' ? [] : [`--nproc=${limits.processes}`]
  const limit = ['/usr/bin/prlimit', ...nproc, `--nofile=${limits.openFiles}`, `--fsize=${limits.fileBytes}`, '--core=0', '--']
  const box = [method.bwrap, ...boxArguments(confinement), '--']
  switch (method.is) {
    case 'uid-and-user-namespace':
      return flat([...dropPrivileges(uid), ...limit, ...box, ...confinement.command])
    case 'uid-inside':
      return flat([...limit, ...box, ...dropPrivileges(uid), ...confinement.command])
    case 'user-namespace':
      return flat([...limit, ...box, ...confinement.command])
  }
}

function boxArguments({ method, uid, system, mounts, cwd, seccompDescriptor, infoDescriptor, limits }: Confinement): string[] {
  const args = [
    '--unshare-pid',
    '--unshare-net',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    '--die-with-parent',
    '--new-session',
    '--hostname',
    'gatehouse',
    '--info-fd',
    String(infoDescriptor),
  ]
  if (method.is === 'uid-inside') {
    // What `setpriv` needs to give the rest away.
    args.push('--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP')
    // The working directory belongs to the run's user, and bubblewrap enters it before the change.
    args.push('--cap-add', 'CAP_DAC_READ_SEARCH')
  } else {
    args.push('--unshare-user', '--uid', String(uid), '--gid', String(uid), '--cap-drop', 'ALL')
  }
  if (seccompDescriptor !== null) args.push('--seccomp', String(seccompDescriptor))
  args.push('--proc', '/proc', '--dev', '/dev', '--perms', '1777', '--tmpfs', '/dev/shm')
  args.push('--perms', '1777', '--size', String(limits.temporaryBytes), '--tmpfs', '/tmp')
  // Made before the mounts: bubblewrap creates missing parents with mode 0700.
  for (const path of new Set(['/etc', '/var', ...mounts.flatMap(({ at }) => parentsOf(at))])) args.push('--dir', path)
  args.push('--symlink', '/tmp', '/var/tmp')
  for (const { path, linkTo } of system) args.push(...(linkTo === null ? ['--ro-bind', path, path] : ['--symlink', linkTo, path]))
  for (const { from, at, mayWrite } of mounts) args.push(mayWrite ? '--bind' : '--ro-bind', from, at)
  args.push('--remount-ro', '/', '--chdir', cwd)
  return args
}

/** From the top down, without the root. */
function parentsOf(path: string): string[] {
  const names = path.split('/').slice(1, -1)
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}

function flat(command: string[]): [string, ...string[]] {
  const [program, ...args] = command
  return [program!, ...args]
}

/** The user and group files of the sandbox: one person, and nobody of the host. */
export const accountFiles = (uid: number): { passwd: string; group: string } => ({
  passwd: `root:x:0:0::/:/usr/sbin/nologin\nagent:x:${uid}:${uid}::${inside.home}:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n`,
  group: `root:x:0:\nagent:x:${uid}:\nnogroup:x:65534:\n`,
})
