/**
 * An agent that wants out: each property that SECURITY.md promises of the sandbox, attacked from inside it, while another
 * run is at work beside it on the same machine. What an agent sees at rest is in `sandbox.test.ts`.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChatId } from '#core/ids.ts'
import { openGateway, type Gateway } from '#agent/sandbox/gateway.ts'
import { inside, insidePath } from '#agent/sandbox/inside.ts'
import { isAlive } from '#agent/sandbox/processes.ts'
import { runConfined, startConfined, type Confined, type ConfinedStart } from '#agent/sandbox/sandbox.ts'
import { openWorld, type World } from '#agent/testing/world.ts'
import { openWorkspace, type Workspace } from '#agent/workspace/workspace.ts'

const SECRET = 'the-neighbour’s-secret'

let world: World
let own: Workspace
let neighbour: Workspace
let atWork: Confined
let outside: ChildProcess
let gateway: Gateway
let abstract: Server
/** Where the neighbour listens, in its own network. */
const NEIGHBOUR_PORT = 38_181
const SHARED_MEMORY = '/dev/shm/gatehouse-hostile-test'

const startIn = (workspace: Workspace, command: [string, ...string[]], rest: Partial<ConfinedStart> = {}): ConfinedStart => ({
  uid: workspace.uid,
  mounts: [
    { from: workspace.home, at: inside.home, mayWrite: true },
    { from: workspace.workdir, at: inside.workdir, mayWrite: true },
    { from: join(world.folder, 'program'), at: inside.harness, mayWrite: false },
  ],
  files: [{ at: '/etc/tool/settings.json', contents: '{"managed":true}' }],
  gatewaySocket: null,
  environment: { PATH: insidePath, HOME: inside.home },
  cwd: inside.workdir,
  command,
  ...rest,
})

beforeAll(async () => {
  world = await openWorld()
  const { workspacesRoot } = world.surroundings
  own = openWorkspace(workspacesRoot, ChatId.parse('0199bbbb-0000-7000-8000-000000000001'))
  neighbour = openWorkspace(workspacesRoot, ChatId.parse('0199bbbb-0000-7000-8000-000000000002'))
  // What a careless mode would open, if only the path could be reached.
  mkdirSync(join(world.folder, 'node'), { recursive: true })
  for (const file of ['node/identity.json', 'node/boots.json', 'master.key'])
    writeFileSync(join(world.folder, file), SECRET, { mode: 0o644 })
  // Everybody may write it: the mount alone says no.
  mkdirSync(join(world.folder, 'program'))
  writeFileSync(join(world.folder, 'program/tool'), '#!/bin/sh', { mode: 0o777 })
  for (const folder of ['program', 'program/tool']) chmodSync(join(world.folder, folder), 0o777)
  for (const folder of [neighbour.home, neighbour.workdir]) writeFileSync(join(folder, 'secret.txt'), SECRET, { mode: 0o644 })
  writeFileSync(SHARED_MEMORY, SECRET, { mode: 0o644 })
  abstract = createServer((socket) => socket.end(SECRET))
  await new Promise<void>((resolve) => abstract.listen('\0gatehouse-hostile-test', resolve))
  gateway = await openGateway({
    serverUrl: 'http://127.0.0.1:9',
    workspaceToken: () => 'wst_of-the-neighbour',
    listen: { on: 'socket', uid: neighbour.uid },
    reach: { allowed: new Set(), private: new Set() },
  })
  const listen = `require('node:net').createServer((s) => s.end(process.env.SECRET)).listen(${NEIGHBOUR_PORT}, '127.0.0.1', () => console.log('ready')); setInterval(() => {}, 1000)`
  atWork = startConfined(
    world.sandbox,
    startIn(neighbour, [inside.node, '-e', listen], {
      environment: { PATH: insidePath, HOME: inside.home, SECRET },
      gatewaySocket: gateway.socketPath,
    }),
  )
  await new Promise((resolve) => atWork.stdout.once('data', resolve))
  outside = spawn('/bin/sleep', ['86390'], world.sandbox.method?.is === 'user-namespace' ? {} : { uid: own.uid, gid: own.uid })
  await new Promise((resolve) => outside.once('spawn', resolve))
}, 120_000)
afterAll(async () => {
  outside.kill('SIGKILL')
  await atWork.kill()
  await gateway.close()
  abstract.close()
  rmSync(SHARED_MEMORY, { force: true })
  await world.end()
})

const run = async (command: [string, ...string[]], rest: Partial<ConfinedStart> = {}): Promise<string> => {
  const { stdout, stderr } = await runConfined(world.sandbox, startIn(own, command, rest), { timeoutMs: 30_000, maxBytes: 200_000 })
  return (stdout + stderr).trim()
}
const shell = (script: string, rest: Partial<ConfinedStart> = {}): Promise<string> => run(['/bin/sh', '-c', script], rest)
const node = (script: string, rest: Partial<ConfinedStart> = {}): Promise<string> => run([inside.node, '-e', script], rest)
/** Perl is everywhere that git is, and calls the kernel without a library in between. */
const perl = (script: string): Promise<string> => run(['/usr/bin/perl', '-e', script])

const slow = { timeout: 60_000 }

describe('the files of others', slow, () => {
  it('are not there: the daemon’s key, the master key, another chat’s home and work, the host’s own', async () => {
    const paths = [
      ...['node/identity.json', 'node/boots.json', 'master.key'].map((file) => join(world.folder, file)),
      join(neighbour.home, 'secret.txt'),
      join(neighbour.workdir, 'secret.txt'),
      join(own.folder, 'state.json'),
      own.git,
      '/etc/shadow',
      '/etc/ssh',
      '/root',
      '/var/lib',
      '/sys/kernel',
      '/boot',
      SHARED_MEMORY,
    ]
    // Directly, around the back, and past whatever a path may be a link to.
    const ways = paths.flatMap((path) => [
      path,
      `/proc/self/root${path}`,
      `/proc/1/root${path}`,
      `/proc/1/cwd/../../..${path}`,
      `/work/../../../..${path}`,
    ])
    const script = 'for way in "$@"; do cat "$way" 2>/dev/null || ls -A "$way" 2>/dev/null | sed "s|^|BAD $way: |"; done; true'
    expect(await run(['/bin/sh', '-c', script, 'sh', ...ways])).toBe('')
  })

  it('are not reached by links out of the workspace, soft or hard', async () => {
    const soft = await shell(
      `ln -s ${join(neighbour.workdir, 'secret.txt')} a; ln -s ${world.folder} b; ln -s /proc/1/root c; cat a b/master.key b/node/identity.json c${world.folder}/master.key 2>&1`,
    )
    expect(soft).not.toContain(SECRET)
    expect(soft.match(/No such file|Permission denied/g)).toHaveLength(4)
    const hard = await shell(
      `for f in ${inside.node} /usr/bin/env /etc/passwd /etc/tool/settings.json; do ln $f /work/hard 2>/dev/null && echo "BAD $f"; done; true`,
    )
    expect(hard).toBe('')
  })

  it('are not opened by a handle, nor by a descriptor that was left open', async () => {
    expect(await node(`console.log(require('node:fs').readdirSync('/proc/self/fd').length <= 24)`)).toBe('true')
    const open = await shell('for f in /proc/[0-9]*/fd/*; do readlink "$f" 2>/dev/null; done')
    expect(open.split('\n').filter((line) => line.includes(world.folder) || line.startsWith('/root'))).toEqual([])
  })
})

describe('what it runs on', slow, () => {
  it('cannot be written: programs, libraries, harnesses, managed settings, accounts', async () => {
    const targets = [
      inside.node,
      inside.bridge,
      '/usr/bin/env',
      '/etc/passwd',
      '/etc/hosts',
      '/etc/tool/settings.json',
      `${inside.harness}/tool`,
    ]
    expect(await shell(`ls ${targets.join(' ')} | wc -l`)).toBe(String(targets.length))
    const script = `for t in "$@"; do
      (echo x >> "$t") 2>/dev/null && echo "BAD write $t"; mv "$t" /work/moved 2>/dev/null && echo "BAD move $t"
      rm -f "$t" 2>/dev/null && echo "BAD remove $t"; chmod 777 "$t" 2>/dev/null && echo "BAD mode $t"
      mount --bind /work "$t" 2>/dev/null && echo "BAD mount $t"; done; true`
    expect(await run(['/bin/sh', '-c', script, 'sh', ...targets])).toBe('')
    expect(await shell('cat /etc/tool/settings.json')).toBe('{"managed":true}')
  })

  it('is not loosened in a user namespace of its own, which it may make', async () => {
    const script = `
      for m in / /usr /etc/passwd ${inside.node} ${inside.harness}; do
        mount -o remount,bind,rw "$m" 2>/dev/null && touch "$m/x" 2>/dev/null && echo "BAD remount $m"
        umount "$m" 2>/dev/null && echo "BAD umount $m"; umount -l "$m" 2>/dev/null && echo "BAD lazy $m"
      done
      mkdir -p /tmp/p && mount -t proc proc /tmp/p 2>/dev/null; ls /tmp/p 2>/dev/null | grep -c '^[0-9]' | awk '$1 > 12 { print "BAD processes " $1 }'
      mount -t sysfs sys /tmp/p 2>/dev/null && ls /tmp/p/class/net | grep -v '^lo$' | sed 's/^/BAD interface /'
      for d in /dev/vda /dev/sda /dev/nvme0n1; do mknod /tmp/d b 8 0 2>/dev/null && cat /tmp/d >/dev/null 2>&1 && echo "BAD device"; done
      cat ${join(world.folder, 'master.key')} ${join(neighbour.home, 'secret.txt')} 2>/dev/null
      true`
    writeFileSync(join(own.workdir, 'inner.sh'), script, { mode: 0o755 })
    expect(await shell('unshare -Urmpf sh /work/inner.sh')).toBe('')
    expect(await shell('unshare -Urn sh -c "ip link 2>/dev/null | grep -v lo: | grep -c ^[0-9]" 2>/dev/null; true')).toMatch(/^0?$/)
  })

  it('gives no rights back: no setuid program, no device, no terminal, no kernel’s own files', async () => {
    const uid = await shell('id -u')
    expect(await shell('cp /usr/bin/id /work/id && chmod 6755 /work/id && /work/id -u')).toBe(uid)
    expect(await shell(`for p in su mount passwd newgrp; do $p -c 'id -u' root </dev/null 2>&1 | grep -x 0; done; true`)).toBe('')
    const devices = await shell('ls /dev')
    expect(
      devices
        .split('\n')
        .filter(
          (name) =>
            ![
              'console',
              'core',
              'fd',
              'full',
              'null',
              'ptmx',
              'pts',
              'random',
              'shm',
              'stderr',
              'stdin',
              'stdout',
              'tty',
              'urandom',
              'zero',
            ].includes(name),
        ),
    ).toEqual([])
    const script = `for t in b c; do mknod /work/dev $t 1 1 2>/dev/null && echo "BAD $t"; done
      (exec 3</dev/tty) 2>/dev/null && echo "BAD terminal"
      for f in /proc/kcore /proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname; do (echo x > $f) 2>/dev/null && echo "BAD $f"; done; true`
    expect(await shell(script)).toBe('')
    expect(await shell('head -c 1 /proc/kcore 2>/dev/null | wc -c')).toBe('0')
  })
})

describe('other processes', slow, () => {
  it('are not seen, read, traced or killed: neither the host’s, nor the neighbour’s', async () => {
    const pids = [process.pid, atWork.pid, outside.pid!]
    const read = pids.map((pid) => `kill -9 ${pid}; cat /proc/${pid}/environ`).join('; ')
    expect(await shell(`(${read}) 2>&1`)).not.toContain(SECRET)
    // PTRACE_ATTACH, of everything that has a number here, and of what has one outside.
    const traced = await perl(
      `for my $p (1, ${pids.join(', ')}) { next if $p == $$; print "BAD $p\\n" if syscall(${process.arch === 'x64' ? 101 : 117}, 16, $p, 0, 0) == 0 && $p != 1 }`,
    )
    expect(traced).toBe('')
    await shell('kill -9 -1')
    expect(pids.filter((pid) => !isAlive(pid))).toEqual([])
    expect(await shell('cat /proc/*/environ /proc/*/cmdline 2>/dev/null')).not.toMatch(/neighbour|wst_|njt_/)
  })

  it('share no memory, queue or socket with it', async () => {
    expect(await shell('ls /dev/shm')).toBe('')
    expect(await shell('cat /proc/sysvipc/shm | tail -n +2')).toBe('')
    const dial = (to: string) =>
      node(`require('node:net').connect(${to}).on('data', (d) => console.log(String(d))).on('error', (e) => console.log(e.code))`)
    expect(await dial(`{ path: '\\0gatehouse-hostile-test' }`)).toMatch(/^E/)
    expect(await dial(`{ path: ${JSON.stringify(gateway.socketPath)} }`)).toBe('ENOENT')
    expect(await dial(`{ path: ${JSON.stringify(inside.socket)} }`)).toBe('ENOENT')
    expect(await dial(`{ host: '127.0.0.1', port: ${NEIGHBOUR_PORT} }`)).toBe('ECONNREFUSED')
  })

  it('are not drowned: processes, files and descriptors are counted', async () => {
    const limits = await shell('cat /proc/self/limits')
    const limit = (name: string) => new RegExp(`${name}\\s+(\\S+)\\s+(\\S+)`).exec(limits)?.[2]
    expect(limit('Max core file size')).toBe('0')
    expect(limit('Max open files')).toBe('16384')
    expect(limit('Max file size')).toBe(String(8 * 2 ** 30))
    if (world.sandbox.method?.is !== 'user-namespace') expect(limit('Max processes')).toBe('2048')
    // A limit that could be raised again would be none.
    expect(await shell('ulimit -Hn 65536 2>/dev/null && echo BAD; ulimit -Hf unlimited 2>/dev/null && echo BAD; true')).toBe('')
    expect(await shell(`df -P -k /tmp | tail -1 | awk '{ print $2 }'`)).toBe(String((2 * 2 ** 30) / 1024))
    if (world.sandbox.method?.is !== 'user-namespace') {
      const bomb =
        'my $n = 0; while ($n < 4000) { my $p = fork; last unless defined $p; if (!$p) { sleep 60; exit } $n++ } print $n; kill 9, -1'
      writeFileSync(join(own.workdir, 'bomb.pl'), bomb)
      expect(Number(await shell('prlimit --nproc=64 perl /work/bomb.pl'))).toBeLessThan(64)
    }
  })
})

describe('the network', slow, () => {
  it('is not there: the host’s ports, private and metadata addresses, the internet, names', async () => {
    const server = createServer().listen(0, '0.0.0.0')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const targets = [
      '127.0.0.1',
      '10.0.0.1',
      '172.17.0.1',
      '192.168.0.1',
      '169.254.169.254',
      '100.100.100.200',
      '1.1.1.1',
      '::1',
      'fd00::1',
    ]
    const script = `const net = require('node:net'); Promise.all(${JSON.stringify(targets)}.map((host) => new Promise((done) => net.connect({ host, port: ${port}, timeout: 3000 }, () => done('REACHED ' + host)).on('error', (e) => done(e.code)).on('timeout', () => done('timeout'))))).then((all) => console.log(all.join(' ')))`
    const words = (await node(script)).split(' ')
    server.close()
    expect(words.length).toBe(targets.length)
    for (const word of words) expect(['ECONNREFUSED', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EHOSTUNREACH']).toContain(word)
    expect(await node(`require('node:dns').promises.lookup('example.com').catch((e) => console.log(e.code))`)).toMatch(
      /^(EAI_AGAIN|ENOTFOUND)$/,
    )
    const udp = `const s = require('node:dgram').createSocket('udp4'); s.on('error', (e) => console.log(e.code)); s.send('x', 53, '1.1.1.1', (e) => { console.log(e ? e.code : 'SENT'); s.close() })`
    expect(await node(udp)).toBe('ENETUNREACH')
  })

  it('cannot be made: no raw socket, no interface, no family past the namespace', async () => {
    // socket(family, type, protocol): raw IP, packets, and the families that the filter refuses.
    const tries = [
      [2, 3, 1],
      [17, 3, 0],
      [38, 5, 0],
      [40, 1, 0],
      [44, 3, 0],
    ]
    const script = tries
      .map(([family, type, protocol]) => `print "BAD ${family} " if socket(my $s${family}, ${family}, ${type}, ${protocol});`)
      .join('')
    expect(await perl(script)).toBe('')
    expect(await shell('ip link add d0 type dummy 2>/dev/null && echo BAD; true')).toBe('')
  })
})

describe('the kernel', slow, () => {
  it.runIf(process.arch === 'x64')('is not asked what opened kernels before', async () => {
    // By number on x86-64, with arguments that would fail in another way where the filter lets them through.
    const calls = {
      bpf: 321,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
      userfaultfd: 323,
      perf_event_open: 298,
      process_vm_writev: 311,
      open_by_handle_at: 304,
      kexec_load: 246,
      init_module: 175,
      finit_module: 313,
      quotactl: 179,
      syslog: 103,
      swapon: 167,
      reboot: 169,
      settimeofday: 164,
      clock_settime: 227,
      acct: 163,
      move_pages: 279,
    }
    const script = (numbers: readonly number[]) =>
      `for my $c (${numbers.join(', ')}) { $! = 0; my $r = syscall($c, 0, 0, 0, 0, 0); print "$c:", $r == -1 ? $!+0 : "OK", " " }`
    const said = await perl(script(Object.values(calls)))
    expect(said.split(' ').filter((each) => each !== '' && !each.endsWith(':1'))).toEqual([])
    // "Not there" and not "forbidden": a runtime then takes another way. io_uring, the x32 numbering.
    expect((await perl(script([425, 426, 427, 0x40000000 + 39]))).split(' ')).toEqual([
      '425:38',
      '426:38',
      '427:38',
      `${0x40000000 + 39}:38`,
    ])
  })

  it('keeps its filter and its promise of no new rights through every child', async () => {
    const status = await shell(`sh -c 'setsid sh -c "cat /proc/self/status"'`)
    expect(status).toMatch(/NoNewPrivs:\s+1/)
    expect(status).toMatch(/Seccomp:\s+2/)
    expect(status).toMatch(/CapBnd:\s+0{16}/)
    expect(readFileSync('/proc/self/status', 'utf8')).toMatch(/Seccomp:/)
  })
})
