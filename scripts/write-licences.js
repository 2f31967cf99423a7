/** Puts the licence into every package, for npm to pack: git has one copy, at the root. Part of `npm run build`. */
import { copyFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
for (const name of readdirSync(`${root}packages`)) copyFileSync(`${root}LICENSE`, `${root}packages/${name}/LICENSE`)
