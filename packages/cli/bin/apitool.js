#!/usr/bin/env node
import { runApitool } from '../dist/apitool.js'
import { endWithBrokenOutput } from '../dist/broken-output.js'

endWithBrokenOutput()
process.exitCode = await runApitool(process.argv.slice(2))
