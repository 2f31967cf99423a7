#!/usr/bin/env node
import { endWithClosedPipe } from '../dist/closed-pipe.js'
import { runCountersign } from '../dist/countersign.js'

endWithClosedPipe()
process.exitCode = await runCountersign(process.argv.slice(2))
