/**
 * Writes the JSON Schemas of scheme declarations and of the gateway's settings from the code's own tables. Run by
 * `npm run schema`, after a build.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { declarationSchema } from '../packages/countersign/dist/define/declaration-schema.js'
import { gatewaySchema } from '../packages/server/dist/settings/config.js'

const write = (file, schema) =>
  writeFileSync(fileURLToPath(new URL(`../packages/${file}`, import.meta.url)), `${JSON.stringify(schema, undefined, 2)}\n`)

write('countersign/scheme.schema.json', declarationSchema())
write('server/gateway.schema.json', gatewaySchema())
