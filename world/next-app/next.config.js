import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The adapters are not bundled: what runs is what is published. */
export default {
  serverExternalPackages: ['countersign'],
  turbopack: { root },
  outputFileTracingRoot: root,
}
