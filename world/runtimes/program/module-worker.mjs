import cases from './cases.json' with { type: 'json' }
import { runChecks } from './checks.js'
import { library } from './doors.js'

postMessage(await runChecks(library, cases))
