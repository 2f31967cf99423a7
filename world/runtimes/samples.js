/** The samples of `docs/runtimes.md`, each run on its runtime: a signed call reaches the handler, another does not. */
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createSigner } from 'countersign'
import { rfc9421 } from 'countersign/schemes'
import { bundle } from './app.js'
import { BUN, DENO, NODES, runBinary } from './binaries.js'
import { cases } from './cases.js'
import { hasChromium, inChromium } from './chromium.js'
import { hasWorkerd, withWorker } from './workerd.js'

const ORIGIN = 'https://api.example.com'
const { secret } = cases.adapter
const [, { path: node }] = NODES

/** In the order of the page, by heading. */
export const SAMPLES = [
  { heading: 'Node', isThere: existsSync(node), run: (sample, folder) => runServer(node, [], sample, folder) },
  { heading: 'Bun', isThere: existsSync(BUN), run: (sample, folder) => runServer(BUN, ['run'], sample, folder) },
  {
    heading: 'Deno',
    isThere: existsSync(DENO),
    run: (sample, folder) => runServer(DENO, ['run', '--no-prompt', '--allow-net', '--allow-env=API_SECRET'], sample, folder),
  },
  { heading: 'Workers', isThere: hasWorkerd, run: runWorker },
  { heading: 'Pages and web workers', isThere: hasChromium, run: runInPage },
]

/** A server's sample, which is called from the same process. */
async function runServer(path, args, sample, folder) {
  const port = await freePort()
  const file = `sample-${port}.mjs`
  const calls = await callsFor(`http://127.0.0.1:${port}`)
  const lines = [
    "import process from 'node:process'",
    sample.replace('8080', port),
    `console.log(JSON.stringify(await (${ask})(${calls})))`,
    'process.exit(0)',
  ]
  writeFileSync(join(folder, file), lines.join('\n'))
  const { answers } = await runBinary(path, [...args, file], folder, { API_SECRET: secret })
  return answers
}

async function runWorker(sample, folder) {
  writeFileSync(join(folder, 'sample-worker.mjs'), sample)
  await bundle(folder, 'sample-worker', { programs: ['sample-worker'], conditions: ['workerd', 'worker', 'browser'] })
  return withWorker(join(folder, 'sample-worker'), 'sample-worker.js', { API_SECRET: secret }, async own => {
    const { answers } = await ask(JSON.parse(await callsFor(own)))
    return answers
  })
}

/** A page's sample, which calls the server that it came from. */
async function runInPage(sample, folder) {
  const own = sample.replace(`'${ORIGIN}/`, "location.origin + '/")
  const rest = "globalThis.result = [[answer.status, await answer.text()], [(await fetch('/orders')).status]]"
  writeFileSync(join(folder, 'sample-page.mjs'), `const secret = '${secret}'\n${own}\n${rest}\n`)
  await bundle(folder, 'sample-page', { programs: ['sample-page'], conditions: ['browser'] })
  const { answers } = await inChromium(join(folder, 'sample-page'), 'localhost/sample-page', { id: 'k1', secret }, async page => {
    await page.waitForFunction(() => globalThis.result !== undefined)
    return { answers: await page.evaluate(() => globalThis.result) }
  })
  return answers
}

/** A signed call and one without a signature, as JSON: the public URL is signed, and the runtime's own is called. */
async function callsFor(own) {
  const { headers } = await createSigner(rfc9421, { keyId: 'k1', secret }).signAsync({ method: 'GET', url: `${ORIGIN}/orders` })
  return JSON.stringify([headers, {}].map(each => ({ url: `${own}/orders`, headers: each })))
}

/** Stands in the samples' programs as text, so it uses nothing from around it. */
async function ask(calls) {
  const answers = []
  for (const { url, headers } of calls) {
    const answer = await fetch(url, { headers })
    const text = await answer.text()
    answers.push(answer.ok ? [answer.status, text] : [answer.status])
  }
  return { answers }
}

async function freePort() {
  const server = createServer()
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}
