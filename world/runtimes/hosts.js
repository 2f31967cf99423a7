/** How the program of checks is run on each runtime. Its result comes back as it was printed there. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BUN, DENO, NODES, runBinary } from './binaries.js'
import { cases } from './cases.js'
import { hasChromium, inChromium } from './chromium.js'
import { askHandler } from './program/checks.js'
import { library } from './program/doors.js'
import { hasWorkerd, withWorker, workerdVersion } from './workerd.js'

const byBinary = (path, ...args) => ({ isThere: existsSync(path), run: folder => runBinary(path, args, folder) })
const key = { id: cases.adapter.keyId, secret: cases.adapter.secret }

/**
 * Each runtime by its name in the table. `crypto` is which of the library's two it has: that of Node, or WebCrypto.
 * `server` is what calls went through to the handler, besides being handed to it.
 */
export const HOSTS = [
  ...NODES.flatMap(({ major, path }) => [
    { name: `Node ${major}`, loaded: '`import`', crypto: 'node', server: '`node:http`', ...byBinary(path, 'node.mjs') },
    { name: `Node ${major}`, loaded: '`require()`', crypto: 'node', server: '`node:http`', ...byBinary(path, 'node.cjs') },
  ]),
  { name: 'Bun', loaded: '`import`', crypto: 'node', server: '`Bun.serve`', ...byBinary(BUN, 'run', 'bun.mjs') },
  {
    name: 'Deno',
    loaded: '`import`; `--allow-net` for the server alone',
    crypto: 'node',
    server: '`Deno.serve`',
    ...byBinary(DENO, 'run', '--no-prompt', '--no-remote', '--cached-only', '--allow-net=127.0.0.1', 'deno.mjs'),
  },
  {
    name: 'workerd',
    loaded: 'bundled; no compatibility flag',
    crypto: 'web',
    server: 'a Worker of Miniflare',
    isThere: hasWorkerd,
    run: runWorkerd,
  },
  { name: 'Chromium', loaded: 'bundled, in a page', crypto: 'web', isThere: hasChromium, run: runPage },
  { name: 'Chromium', loaded: 'bundled, in a module worker', crypto: 'web', isThere: hasChromium, run: runModuleWorker },
]

function runWorkerd(folder) {
  const origin = 'https://api.example.com'
  const bindings = { ORIGIN: origin, API_SECRET: key.secret }
  return withWorker(join(folder, 'workerd'), 'workerd.js', bindings, async own => {
    const result = await (await fetch(`${own}/checks`)).json()
    // As behind a proxy: the public URL is signed, and the Worker is called at another.
    const served = await askHandler(library, origin, cases.adapter, (url, init) => fetch(url.replace(origin, own), init))
    return { version: workerdVersion, ...result, adapter: { ...result.adapter, served }, said: '' }
  })
}

function runPage(folder) {
  return inChromium(join(folder, 'chromium'), 'localhost/page', key, page => page.evaluate(() => globalThis.result))
}

function runModuleWorker(folder) {
  return inChromium(join(folder, 'chromium'), 'localhost/empty', key, page =>
    page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker('/module-worker.js', { type: 'module' })
          worker.onmessage = ({ data }) => resolve(data)
          worker.onerror = ({ message }) => reject(new Error(message))
        }),
    ),
  )
}

/** What a signer says in a page that came over http from another host than localhost. */
export function runInsecurePage(folder) {
  return inChromium(join(folder, 'chromium'), 'insecure.example/page', key, async page => ({
    code: await page.evaluate(() => globalThis.result),
  }))
}
