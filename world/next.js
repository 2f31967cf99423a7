/** Next.js's development server, as a custom server: routes are compiled when they are first called. */
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import next from 'next'
import { listening } from './servers.js'

const dir = fileURLToPath(new URL('next-app', import.meta.url))

/** A process can have one. */
let prepared

async function prepare() {
  process.env.NEXT_TELEMETRY_DISABLED = '1'
  const app = next({ dev: true, dir, hostname: '127.0.0.1', port: 0 })
  await app.prepare()
  return app
}

/** To be called when all rows are done. */
export async function closeNext() {
  await (await prepared)?.close()
}

function nextServer(target) {
  return async options => {
    // Routes are modules of their own; they find it there.
    globalThis.countersignWorld = options
    prepared ??= prepare()
    const handle = (await prepared).getRequestHandler()
    return { ...(await listening(createServer((request, response) => handle(request, response)))), target }
  }
}

export const NEXT = {
  'Next.js 16, app router': nextServer('/x'),
  'Next.js 16, pages router with `signed()`': nextServer('/api/x'),
}
