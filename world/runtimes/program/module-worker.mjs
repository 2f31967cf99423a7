import cases from './cases.json' with { type: 'json' }
import { runChecks } from './checks.js'
import { library } from './doors.js'
import { doors } from './web-doors.js'

postMessage({ doors, ...(await runChecks(library, cases)) })
