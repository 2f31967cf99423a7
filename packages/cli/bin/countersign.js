#!/usr/bin/env node
import { runCountersign } from '../dist/countersign.js'
import { endWithClosedPipe } from '../dist/process/closed-pipe.js'

endWithClosedPipe()
process.exitCode = await runCountersign(process.argv.slice(2))
