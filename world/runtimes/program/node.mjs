/** Node, by `import`. */
import cases from './cases.json' with { type: 'json' }
import { runChecks } from './checks.js'
import { library } from './doors.js'
import { doors } from './node-doors.js'
import { serve } from './node-server.js'

console.log(JSON.stringify({ version: process.versions.node, doors, ...(await runChecks(library, cases, serve)) }))
