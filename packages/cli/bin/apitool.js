#!/usr/bin/env node
import { runApitool } from '../dist/apitool.js'

process.exitCode = await runApitool(process.argv.slice(2))
