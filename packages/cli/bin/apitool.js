#!/usr/bin/env node
import { runApitool } from '../dist/apitool.js'
import { endWithClosedPipe } from '../dist/closed-pipe.js'

endWithClosedPipe()
process.exitCode = await runApitool(process.argv.slice(2))
