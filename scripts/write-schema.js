/** Writes the JSON Schema of scheme declarations from the library's own tables. Run by `npm run schema`, after a build. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { declarationSchema } from '../packages/countersign/dist/declaration-schema.js'

writeFileSync(
  fileURLToPath(new URL('../packages/countersign/scheme.schema.json', import.meta.url)),
  `${JSON.stringify(declarationSchema(), undefined, 2)}\n`,
)
