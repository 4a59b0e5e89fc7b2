/** Hostile questions, asked from inside the sandbox of this machine. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SENTINEL_KEY } from '#core/connections/sentinel.ts'
import { ChatId } from '#core/ids.ts'
import { openGateway, type Gateway } from '#agent/sandbox/gateway.ts'
import { inside, insidePath } from '#agent/sandbox/inside.ts'
import { isAlive } from '#agent/sandbox/processes.ts'
import { probeSandbox } from '#agent/sandbox/probe.ts'
import { killLeftovers, LEFTOVER_MARK, runConfined, startConfined, type ConfinedStart, type Sandbox } from '#agent/sandbox/sandbox.ts'
import { openWorld, type World } from '#agent/testing/world.ts'
import { openWorkspace, type Workspace } from '#agent/workspace/workspace.ts'

let world: World
let workspace: Workspace
let other: Workspace
let server: Server
let gateway: Gateway
const seen: { url: string; token: unknown; smuggled: unknown }[] = []
let hungUp: Promise<void>

beforeAll(async () => {
  world = await openWorld()
  workspace = openWorkspace(world.surroundings.workspacesRoot, ChatId.parse('0199aaaa-0000-7000-8000-000000000001'))
  other = openWorkspace(world.surroundings.workspacesRoot, ChatId.parse('0199aaaa-0000-7000-8000-000000000002'))
  writeFileSync(join(world.folder, 'master.key'), 'the daemon’s secret', { mode: 0o644 })
  writeFileSync(join(other.workdir, 'secret.txt'), 'another chat', { mode: 0o644 })
  const gone = Promise.withResolvers<void>()
  hungUp = gone.promise
  server = createServer((request, response) => {
    seen.push({ url: request.url!, token: request.headers['x-gatehouse-wstoken'], smuggled: request.headers['x-gatehouse-other'] })
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-gatehouse-inner': 'no', 'x-fine': 'yes' })
    response.write('data: one\n\n')
    if (request.url?.includes('hang')) response.on('close', () => gone.resolve())
    else response.end('data: two\n\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  gateway = await openGateway({
    serverUrl: `http://127.0.0.1:${port}`,
    workspaceToken: () => 'wst_the-real-token',
    listen: { on: 'socket', uid: workspace.uid },
    reach: { allowed: new Set([`127.0.0.1:${port}`, 'localhost:443']), private: new Set() },
  })
}, 120_000)
afterAll(async () => {
  await gateway.close()
  server.close()
  await world.end()
})

const start = (command: [string, ...string[]], rest: Partial<ConfinedStart> = {}): ConfinedStart => ({
  uid: workspace.uid,
  mounts: [
    { from: workspace.home, at: inside.home, mayWrite: true },
    { from: workspace.workdir, at: inside.workdir, mayWrite: true },
  ],
  files: [],
  gatewaySocket: null,
  environment: { PATH: insidePath, HOME: inside.home, SENTINEL: SENTINEL_KEY },
  cwd: inside.workdir,
  command,
  ...rest,
})
const limits = { timeoutMs: 15_000, maxBytes: 100_000 }
const shell = async (script: string, rest: Partial<ConfinedStart> = {}): Promise<string> => {
  const { stdout, stderr } = await runConfined(world.sandbox, start(['/bin/sh', '-c', script], rest), limits)
  return (stdout + stderr).trim()
}
const node = async (script: string, rest: Partial<ConfinedStart> = {}): Promise<string> => {
  const { stdout, stderr } = await runConfined(world.sandbox, start([inside.node, '-e', script], rest), limits)
  return (stdout + stderr).trim()
}

describe('what an agent sees', () => {
  it('has a user of its own, no rights, and no way to more', async () => {
    const status = await shell('cat /proc/self/status')
    expect(status).toMatch(/CapPrm:\s+0{16}/)
    expect(status).toMatch(/CapEff:\s+0{16}/)
    expect(status).toMatch(/NoNewPrivs:\s+1/)
    expect(status).toMatch(/Seccomp:\s+2/)
    const uid = Number(await shell('id -u'))
    expect(uid).not.toBe(0)
    if (process.getuid!() === 0) expect(uid).toBe(workspace.uid)
  })

  it('has the environment that it was given and no other', async () => {
    process.env['DAEMON_SECRET'] = 'sk-real'
    const entries = (await shell('env; cat /proc/1/environ /proc/*/environ 2>/dev/null | tr "\\0" "\\n"')).split('\n')
    delete process.env['DAEMON_SECRET']
    const names = new Set(entries.map((line) => line.split('=')[0]))
    expect([...names].filter((name) => name && !['PATH', 'HOME', 'SENTINEL', 'PWD', 'SHLVL', '_', 'OLDPWD'].includes(name))).toEqual([])
  })

  it('reads neither the daemon’s folder, nor another chat, nor the host’s accounts', async () => {
    const paths = [
      join(world.folder, 'master.key'),
      join(other.workdir, 'secret.txt'),
      '/etc/shadow',
      '/root',
      '/work/../root/.ssh',
      '/proc/1/root/root',
    ]
    for (const path of paths) expect(await shell(`cat ${path} 2>&1; ls ${path} 2>&1`)).toMatch(/No such file|Permission denied/)
    expect(await shell('cat /etc/passwd | cut -d: -f1 | tr "\\n" " "')).toBe('root agent nobody')
  })

  it('writes its home, its work and temporary folders, and nothing else', async () => {
    const script = `for d in /home/agent /work /tmp /dev/shm; do touch $d/x && echo "ok $d"; done
      for d in / /usr /etc /opt/gatehouse /opt/gatehouse/bin /run /usr/bin; do touch $d/x 2>/dev/null && echo "BAD $d"; done; true`
    expect(await shell(script)).toBe(['/home/agent', '/work', '/tmp', '/dev/shm'].map((path) => `ok ${path}`).join('\n'))
  })

  it('sees no process but its own, and holds no file of ours', async () => {
    const commands = await node(`console.log(require('node:fs').readdirSync('/proc').filter((each) => /^[0-9]+$/.test(each)).length)`)
    expect(Number(commands)).toBeLessThanOrEqual(4)
    const files = await shell('for f in /proc/self/fd/*; do readlink $f; done')
    expect(files.split('\n').filter((line) => line.startsWith('/') && !/^\/(proc|dev)\//.test(line))).toEqual([])
  })

  it('has no network: not the host’s loopback, not the internet, not the hypervisor', async () => {
    const { port } = server.address() as AddressInfo
    const dial = (host: string, to: number) =>
      `new Promise((r) => require('node:net').connect({host:'${host}',port:${to},timeout:3000},()=>r('CONNECTED')).on('error',(e)=>r(e.code)).on('timeout',()=>r('timeout')))`
    const words = await node(
      `Promise.all([${dial('127.0.0.1', port)}, ${dial('1.1.1.1', 443)}, ${dial('169.254.169.254', 80)}]).then((w) => console.log(w.join(' ')))`,
    )
    expect(words).toBe('ECONNREFUSED ENETUNREACH ENETUNREACH')
    expect(await shell('ls /sys/class/net 2>&1; cat /proc/net/dev | tail -n +3 | cut -d: -f1')).not.toMatch(/eth|ens|docker/)
  })

  it('cannot make a socket to the hypervisor, nor call what the filter refuses', async () => {
    // Perl is everywhere that git is; AF_VSOCK is 40, and 248 is add_key on x86-64.
    const vsock = await shell(`perl -e 'socket(my $s, 40, 1, 0) and print "MADE"; print $!+0'`)
    expect(vsock).not.toContain('MADE')
    if (process.arch === 'x64') expect(await shell(`perl -e 'my $r = syscall(248, 0, 0, 0, 0, 0); print "$r ", $!+0'`)).toBe('-1 1')
  })
})

describe('the one way out', () => {
  const base = 'http://127.0.0.1:8377'
  const throughGateway = (script: string) => node(script, { gatewaySocket: gateway.socketPath })

  it('adds the token outside, streams, and lets no header of ours through in either direction', async () => {
    const script = `fetch('${base}/ai/anthropic/v1/messages?beta=true', {method:'POST', body:'{}', headers:{'x-gatehouse-other':'x','x-gatehouse-wstoken':'forged'}})
      .then(async (r) => console.log(r.status, r.headers.get('x-fine'), r.headers.get('x-gatehouse-inner'), JSON.stringify(await r.text()), JSON.stringify(process.env).includes('wst_')))`
    expect(await throughGateway(script)).toBe('200 yes null "data: one\\n\\ndata: two\\n\\n" false')
    expect(seen.at(-1)).toEqual({ url: '/ai/proxy/-/anthropic/v1/messages?beta=true', token: 'wst_the-real-token', smuggled: undefined })
  })

  it('reaches no other path of the server, however it is spelled', async () => {
    const before = seen.length
    const raw = (path: string) =>
      `new Promise((r) => { const s = require('node:net').connect(8377,'127.0.0.1',()=>s.write('GET ${path} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n')); let t=''; s.on('data',(d)=>t+=d).on('close',()=>r(t.split(' ')[1])) })`
    const paths = [
      '/',
      '/api/trpc/me.get',
      '/ai/../api/health',
      '/ai/../../api/health',
      '/ai/%2e%2e/%2e%2e/api/health',
      '/ai/x/../../../../api/health',
      '/ai\\\\..\\\\api',
    ]
    const words = await throughGateway(`Promise.all([${paths.map(raw).join(',')}]).then((w) => console.log(w.join(' ')))`)
    expect(words.split(' ')).toEqual(paths.map(() => '404'))
    expect(seen.length).toBe(before)
  })

  it('tunnels to no private address, also when the name is on the list', async () => {
    const { port } = server.address() as AddressInfo
    const tunnel = (to: string) =>
      `new Promise((r) => { const s = require('node:net').connect(8377,'127.0.0.1',()=>s.write('CONNECT ${to} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')); let t=''; s.on('data',(d)=>{t+=d;s.destroy();r(t.split(' ')[1])}).on('close',()=>r(t.split(' ')[1] ?? 'closed')) })`
    const words = await throughGateway(
      `Promise.all([${[`127.0.0.1:${port}`, 'localhost:443', 'example.com:443', 'nonsense'].map(tunnel).join(',')}]).then((w) => console.log(w.join(' ')))`,
    )
    expect(words).toBe('403 403 403 403')
  })

  it('tells the server at once when the agent hangs up', async () => {
    const script = `const c = new AbortController(); fetch('${base}/ai/openai/v1/hang', {signal: c.signal}).then(async (r) => { await r.body.getReader().read(); c.abort(); setTimeout(() => {}, 300) }).catch(() => {})`
    await throughGateway(script)
    await expect(hungUp).resolves.toBeUndefined()
  })
})

describe('an end', () => {
  it('takes every process along, also one that left its session and its parent', async () => {
    const confined = startConfined(
      world.sandbox,
      start(['/bin/sh', '-c', 'setsid sh -c "sleep 86400 & exec sleep 86400" & sleep 86399 & echo ready; wait']),
    )
    await new Promise((resolve) => confined.stdout.once('data', resolve))
    const marked = (): number => sleepers(workspace.uid).length
    await expect.poll(marked).toBe(3)
    await confined.kill()
    expect(marked()).toBe(0)
    expect(isAlive(confined.pid)).toBe(false)
  })

  it('says why a program could not be started', async () => {
    const { code, stderr } = await runConfined(world.sandbox, start(['/no/such/program']), limits)
    expect(code).not.toBe(0)
    expect(stderr).toContain('/no/such/program')
  })

  it('stops what takes too long', async () => {
    const { code } = await runConfined(world.sandbox, start(['/bin/sleep', '86400']), { timeoutMs: 200, maxBytes: 10 })
    expect(code).toBeNull()
    expect(sleepers(workspace.uid)).toEqual([])
  })
})

describe('without a sandbox, by the owner’s explicit switch', () => {
  it('says so, and still ends every process', async () => {
    const bare = (await probeSandbox({ harnessRoot: '/', workspacesRoot: '/', mayGoWithout: true })) as Sandbox
    expect(bare.report.level).toBe('none')
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bare-'))
    mkdirSync(join(folder, 'work'))
    const confined = startConfined(bare, { ...start(['/bin/sh', '-c', 'setsid sleep 86398 & echo $!; wait']), cwd: join(folder, 'work') })
    const pid = Number(await new Promise((resolve) => confined.stdout.once('data', (piece: Buffer) => resolve(String(piece)))))
    expect(isAlive(pid)).toBe(true)
    await confined.kill()
    expect(isAlive(pid)).toBe(false)

    // What a daemon that is gone has left; the number of a running one is not touched.
    const gone = spawnSync('/bin/true').pid
    const left = [`${gone}.x`, `${process.pid}.x`].map((owner) =>
      spawn('/bin/sleep', ['86397'], { env: { [LEFTOVER_MARK]: owner } as never }),
    )
    await expect.poll(() => killLeftovers()).toBeGreaterThanOrEqual(1)
    expect(left[1]!.exitCode).toBeNull()
    left[1]!.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })
})

/** Processes of the run that sleep for a day, found from outside. */
function sleepers(uid: number): number[] {
  const owner = process.getuid!() === 0 ? uid : process.getuid!()
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          statSync(`/proc/${pid}`).uid === owner &&
          /^sleep 86[34]\d\d/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' '))
        )
      } catch {
        return false
      }
    })
}
