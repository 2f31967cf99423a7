/**
 * Puts the licence into a package while it is packed, and takes it out again: git has one copy, at the root. Run by
 * each package's `prepack` (`add`) and `postpack` (`remove`), in the folder of that package.
 */
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

if (process.argv[2] === 'remove') rmSync('LICENSE', { force: true })
else {
  // Without the build, npm packs what is left and says nothing.
  if (!existsSync('dist')) throw new Error('This package is not built: run npm run build.')
  copyFileSync(fileURLToPath(new URL('../LICENSE', import.meta.url)), 'LICENSE')
}
