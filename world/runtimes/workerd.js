/** Workers in workerd, by Miniflare, as their bundle is deployed. */
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const installed = createRequire(new URL('package.json', import.meta.url))

export const hasWorkerd = ['miniflare', 'workerd'].every(name => {
  try {
    installed.resolve(name)
    return true
  } catch {
    return false
  }
})

/** The version of workerd, which its package has as well. */
export const workerdVersion = hasWorkerd ? installed('workerd/package.json').version : ''

/**
 * Starts a Worker, and stops it once it was used.
 *
 * @param {string} folder of the bundle
 * @param {string} entry its first module
 * @param {object} bindings its `env`
 * @param use is given the Worker's own origin
 */
export async function withWorker(folder, entry, bindings, use) {
  const { Miniflare } = await import('miniflare')
  // Miniflare takes the first module for the Worker, the others for what it imports.
  const files = [entry, ...readdirSync(folder).filter(file => file !== entry)]
  const worker = new Miniflare({
    modules: files.map(file => ({ type: 'ESModule', path: file, contents: readFileSync(join(folder, file), 'utf8') })),
    compatibilityDate: '2026-04-01',
    bindings,
    // Otherwise Miniflare asks its vendor for what `request.cf` holds.
    cf: false,
  })
  try {
    const { origin } = await worker.ready
    return await use(origin)
  } finally {
    await worker.dispose()
  }
}
