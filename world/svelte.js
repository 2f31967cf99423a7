/** SvelteKit, built and served by its adapter for Node. */
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { listening } from './servers.js'

const app = new URL('svelte-app/', import.meta.url)
const vite = fileURLToPath(new URL('node_modules/vite/bin/vite.js', import.meta.url))

export const SVELTE = {
  'SvelteKit 2 on Node, `handle`': async options => {
    // Its hooks are a module of their own; they find it there.
    globalThis.countersignWorld = options
    // Kit takes the folder it is in for the application's.
    execFileSync(process.execPath, [vite, 'build', '--logLevel', 'error'], {
      cwd: fileURLToPath(app),
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const { handler } = await import(/* @vite-ignore */ new URL('build/handler.js', app).href)
    return listening(createServer(handler))
  },
}
