/** Runtimes that are one program: npm has them as packages. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const inPackages = path => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))

export const NODES = ['20', '22', '24'].map(major => ({ major, path: inPackages(`node-${major}/bin/node`) }))
export const BUN = inPackages('@oven/bun-linux-x64/bin/bun')
export const DENO = inPackages('@deno/linux-x64-glibc/deno')

/** A runtime may take so long, its start included, on a busy machine. */
const BOUND_MS = 120_000

/**
 * Runs a program that prints one object as JSON.
 *
 * @param {string} folder where it runs; what a runtime caches is put there too
 * @returns {Promise<object>} the object, with what stood on stderr as `said`
 */
export function runBinary(path, args, folder, environment = {}) {
  const env = { PATH: process.env.PATH, NO_COLOR: '1', DENO_DIR: 'deno-cache', ...environment }
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
