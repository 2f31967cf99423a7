/** Pages in the system's Chromium. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createVerifier, memoryKeys } from 'countersign'
import { requireSignature } from 'countersign/node'
import { rfc9421 } from 'countersign/schemes'
import { chromium } from 'playwright-core'
import { chromiumPath } from '../chromium-path.ts'

export const hasChromium = chromiumPath !== undefined

/**
 * Opens a page, and closes it once it was used. `/page` has the script `page.js` of the folder, and so on; `/empty` has
 * none. `/orders` wants a signature.
 *
 * @param {string} folder of the bundles
 * @param {string} address host and path; `localhost` is a secure context, as https is, and `insecure.example` is not
 * @param {{ id: string, secret: string }} key of `/orders`
 * @param use is given the page
 */
export async function inChromium(folder, address, key, use) {
  const [host, path] = address.split('/')
  const server = createServer((request, response) => {
    const { url } = request
    if (url === '/orders') return orders(request, response)
    const isScript = /^\/[\w-]+\.js$/.test(url)
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    const script = url === '/empty' ? '' : `<script type="module" src="${url}.js"></script>`
    response.end(isScript ? readFileSync(join(folder, url)) : `<!doctype html><link rel="icon" href="data:,">${script}`)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://${host}:${server.address().port}`
  const verifier = createVerifier(rfc9421, { origin, keys: memoryKeys(rfc9421, [key]) })
  const orders = requireSignature(verifier, (_request, response, { key: { id } }) => response.end(`hello ${id}`))
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    args: ['--no-sandbox', '--host-resolver-rules=MAP insecure.example 127.0.0.1'],
  })
  try {
    const page = await browser.newPage()
    const errors = []
    page.on('pageerror', error => errors.push(error.message))
    await page.goto(`${origin}/${path}`, { waitUntil: 'load' })
    return { version: browser.version(), ...(await use(page)), said: errors.join('\n') }
  } finally {
    await browser.close()
    server.closeAllConnections()
    server.close()
  }
}
