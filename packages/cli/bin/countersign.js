#!/usr/bin/env node
import { runCountersign } from '../dist/countersign.js'

process.exitCode = await runCountersign(process.argv.slice(2))
