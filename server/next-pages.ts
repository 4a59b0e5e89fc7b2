/** The pages: Next as a guest of our server. Its handlers are bundled with copies of every module, so nothing is shared but `globalThis`. */
import { EventEmitter } from 'node:events'
import { resolve } from 'node:path'
import next from 'next'
import type { Env } from '#server/env.ts'
import type { Pages } from '#server/run.ts'

export async function openPages({ isDevelopment, host, port }: Env): Promise<Pages> {
  // Next adds its own listener for upgrades to what it is given; ours decides who gets one.
  const upgrades = new EventEmitter()
  const app = next({
    dev: isDevelopment,
    dir: resolve(import.meta.dirname, '..'),
    hostname: host,
    port,
    httpServer: upgrades as never,
    quiet: !isDevelopment,
  })
  await app.prepare()
  const handle = app.getRequestHandler()
  return {
    answer: (req, res) => handle(req, res),
    upgrade: (req, socket, head) => void upgrades.emit('upgrade', req, socket, head),
    close: () => app.close(),
  }
}
