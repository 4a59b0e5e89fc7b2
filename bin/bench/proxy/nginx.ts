/**
 * nginx as a plain reverse proxy with kept connections and nothing else to do: the floor.
 * The machine's own, or Debian's package unpacked into a folder of ours, so that nothing
 * is installed and no service starts.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, root, start, stop, untilItAnswers } from '#bin/bench/children.ts'
import { familyOf } from '#bin/bench/process-cost.ts'
import { Unavailable, type Target } from '#bin/bench/proxy/target.ts'

const cache = join(root, '.test/bench/nginx')
const places = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/nginx/sbin/nginx', join(cache, 'usr/sbin/nginx')]

/** Ubuntu's package is the same in kind, but only Debian's was tried. */
function mayFetch(): boolean {
  return existsSync('/usr/bin/apt-get') && existsSync('/etc/os-release') && /^ID="?debian"?$/m.test(readFileSync('/etc/os-release', 'utf8'))
}

function fetchPackage(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-nginx-'))
  const run = (file: string, ...args: string[]) =>
    spawnSync(file, args, { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] }).status === 0
  try {
    // Only root may refresh the lists; they may be fresh enough.
    if (!run('apt-get', 'download', 'nginx') && !(run('apt-get', 'update', '-qq') && run('apt-get', 'download', 'nginx'))) return null
    const [archive] = readdirSync(folder).filter((name) => name.endsWith('.deb'))
    mkdirSync(cache, { recursive: true })
    return archive && run('dpkg-deb', '-x', join(folder, archive), cache) ? places.at(-1)! : null
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @throws Unavailable */
function findNginx(): { program: string; version: string } {
  const program = places.find((place) => existsSync(place)) ?? (mayFetch() ? fetchPackage() : null)
  if (!program) throw new Unavailable('nginx is not on this machine, and only on Debian is it fetched (apt-get download nginx).')
  const { status, stderr } = spawnSync(program, ['-v'], { encoding: 'utf8' })
  if (status !== 0) throw new Unavailable(`${program} does not run here: ${stderr.trim()}`)
  return { program, version: /nginx\/(\S+)/.exec(stderr)?.[1] ?? '?' }
}

const configuration = ({ port, stubPort, user }: { port: number; stubPort: number; user: string | null }) => `
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid nginx.pid;
error_log stderr error;
${user === null ? '' : `user ${user};`}
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  client_max_body_size 32m;
  client_body_buffer_size 512k;
  keepalive_requests 1000000000;
  upstream stub { server 127.0.0.1:${stubPort}; keepalive 2048; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://stub;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer sk-loopback";
      proxy_buffering off;
      proxy_read_timeout 600s;
    }
  }
}
`

/** @throws Unavailable */
export async function startNginx(stubPort: number): Promise<Target> {
  const { program, version } = findNginx()
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-nginx-'))
  const port = await freePort()
  // Without this a worker of root's nginx becomes a user who may not enter the folder.
  const user = process.getuid?.() === 0 ? execFileSync('id', ['-un'], { encoding: 'utf8' }).trim() : null
  writeFileSync(join(folder, 'nginx.conf'), configuration({ port, stubPort, user }))
  const child = start({ file: program, args: ['-p', folder, '-e', 'stderr', '-c', 'nginx.conf'], cwd: folder })
  const target: Target = {
    name: 'nginx',
    version,
    calls: [{ port, path: '/v1/chat/completions', headers: { authorization: 'Bearer gatehouse' } }],
    pids: () => familyOf(child.pid!),
    besidesPids: () => [],
    isDone: async () => true,
    async stop() {
      await stop(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await untilItAnswers(child, `http://127.0.0.1:${port}/`)
    return target
  } catch (error) {
    await target.stop()
    throw error
  }
}
