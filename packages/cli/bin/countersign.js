#!/usr/bin/env node
import { endWithBrokenOutput } from '../dist/broken-output.js'
import { runCountersign } from '../dist/countersign.js'

endWithBrokenOutput()
process.exitCode = await runCountersign(process.argv.slice(2))
