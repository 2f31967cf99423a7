/**
 * Writes docs/schemes from the schemes themselves, with a worked example each. Run by `npm run docs`, after a build; a
 * test keeps them true.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { schemePages } from './scheme-pages.js'

const folder = fileURLToPath(new URL('../docs/schemes/', import.meta.url))
mkdirSync(folder, { recursive: true })
const library = await import('../packages/countersign/dist/index.js')
const { SCHEMES } = await import('../packages/countersign/dist/schemes/index.js')
for (const [file, text] of Object.entries(schemePages(SCHEMES, library))) writeFileSync(folder + file, text)
