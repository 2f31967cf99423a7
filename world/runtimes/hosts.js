/** How each runtime is found, and how the program is run on it. Its result comes back as it was printed there. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { cases } from './cases.js'
import { askHandler } from './program/checks.js'
import { library } from './program/doors.js'

const installed = createRequire(new URL('package.json', import.meta.url))
const inPackages = path => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))
const NODES = ['20', '22', '24'].map(major => ({ major, path: inPackages(`node-${major}/bin/node`) }))
const BUN = inPackages('@oven/bun-linux-x64/bin/bun')
const DENO = inPackages('@deno/linux-x64-glibc/deno')
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/google-chrome', process.env.CHROMIUM ?? ''].findLast(path => existsSync(path))

/** Longest time a runtime may take, start included. */
const BOUND_MS = 120_000

const byBinary = (path, args, environment) => ({
  isThere: existsSync(path),
  run: folder => runBinary(path, args, folder, environment),
})

/**
 * Each runtime by its name in the table. `crypto` is which of the library's two it has: that of Node, or WebCrypto.
 * `server` is what a call passed on its way to the handler, besides being handed to it.
 */
export const HOSTS = [
  ...NODES.flatMap(({ major, path }) => [
    { name: `Node ${major}`, loaded: '`import`', crypto: 'node', server: '`node:http`', ...byBinary(path, ['node.mjs']) },
    { name: `Node ${major}`, loaded: '`require()`', crypto: 'node', server: '`node:http`', ...byBinary(path, ['node.cjs']) },
  ]),
  { name: 'Bun', loaded: '`import`', crypto: 'node', server: '`Bun.serve`', ...byBinary(BUN, ['run', 'bun.mjs']) },
  {
    name: 'Deno',
    loaded: '`import`, with `--allow-net=127.0.0.1` for the server alone',
    crypto: 'node',
    server: '`Deno.serve`',
    ...byBinary(DENO, ['run', '--no-prompt', '--no-remote', '--cached-only', '--allow-net=127.0.0.1', 'deno.mjs'], 'DENO_DIR'),
  },
  {
    name: 'workerd',
    loaded: 'bundled, without a compatibility flag',
    crypto: 'web',
    server: 'a Worker of Miniflare',
    isThere: isResolved('miniflare') && isResolved('workerd'),
    run: runWorkerd,
  },
  { name: 'Chromium', loaded: 'bundled, in a page', crypto: 'web', isThere: CHROMIUM !== undefined, run: runPage },
  { name: 'Chromium', loaded: 'bundled, in a module worker', crypto: 'web', isThere: CHROMIUM !== undefined, run: runModuleWorker },
]

/** @param ownFolder the variable that keeps a runtime's cache inside of the folder */
function runBinary(path, args, folder, ownFolder) {
  const env = { PATH: process.env.PATH, NO_COLOR: '1', ...(ownFolder === undefined ? {} : { [ownFolder]: join(folder, ownFolder) }) }
  const child = spawn(path, args, { cwd: folder, env, timeout: BOUND_MS, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = [child.stdout, child.stderr].map(stream => stream.setEncoding('utf8').toArray())
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', async (code, signal) => {
      const [printed, said] = [(await stdout).join(''), (await stderr).join('')]
      if (code === 0) resolve({ ...JSON.parse(printed), said })
      else reject(new Error(`${path} ended with ${code ?? signal}: ${said}`))
    })
  })
}

async function runWorkerd(folder) {
  const { Miniflare } = await import('miniflare')
  const { keyId, secret } = cases.adapter
  const origin = 'https://api.example.com'
  const files = readdirSync(join(folder, 'workerd')).sort((one, other) => Number(other === 'workerd.js') - Number(one === 'workerd.js'))
  const worker = new Miniflare({
    modules: files.map(file => ({ type: 'ESModule', path: file, contents: readFileSync(join(folder, 'workerd', file), 'utf8') })),
    compatibilityDate: '2026-04-01',
    bindings: { ORIGIN: origin, API_SECRET: secret },
    // Without it, Miniflare asks its vendor for them.
    cf: false,
  })
  try {
    const result = await (await worker.dispatchFetch(`${origin}/checks`)).json()
    // As behind a proxy: what is signed is the public URL, and the Worker is called at another.
    const address = await worker.ready
    const served = await askHandler(library, origin, { keyId, secret }, (url, init) => fetch(url.replace(origin, address.origin), init))
    return { version: installed('workerd/package.json').version, ...result, adapter: { ...result.adapter, served }, said: '' }
  } finally {
    await worker.dispose()
  }
}

/** In a page of localhost, which is a secure context as https is. */
function runPage(folder) {
  return inChromium(folder, 'localhost/page', page => page.evaluate(() => globalThis.result))
}

function runModuleWorker(folder) {
  return inChromium(folder, 'localhost/empty', page =>
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
export async function runInsecurePage(folder) {
  return inChromium(folder, 'insecure.example/page', async page => ({ code: await page.evaluate(() => globalThis.result) }))
}

/** @param address host and path; the script of the page is in `/page` alone */
async function inChromium(folder, address, use) {
  const [host, path] = address.split('/')
  const server = createServer(({ url }, response) => {
    const isScript = /^\/[\w-]+\.js$/.test(url)
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    const script = url === '/page' ? '<script type="module" src="/page.js"></script>' : ''
    response.end(isScript ? readFileSync(join(folder, 'chromium', url)) : `<!doctype html>${script}`)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const args = ['--no-sandbox', '--host-resolver-rules=MAP insecure.example 127.0.0.1']
  const browser = await chromium.launch({ executablePath: CHROMIUM, args })
  try {
    const page = await browser.newPage()
    const errors = []
    page.on('pageerror', error => errors.push(error.message))
    await page.goto(`http://${host}:${server.address().port}/${path}`, { waitUntil: 'load' })
    return { version: browser.version(), ...(await use(page)), said: errors.join('\n') }
  } finally {
    await browser.close()
    server.closeAllConnections()
    server.close()
  }
}

function isResolved(name) {
  try {
    installed.resolve(name)
    return true
  } catch {
    return false
  }
}
