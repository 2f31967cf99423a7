import cases from './cases.json' with { type: 'json' }
import { runChecks } from './checks.js'
import { library } from './doors.js'
import { doors } from './node-doors.js'

function serve(handlerOf) {
  let handler
  const server = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: request => handler(request) })
  const origin = `http://127.0.0.1:${server.port}`
  handler = handlerOf(origin)
  return { origin, stop: () => server.stop(true) }
}

console.log(JSON.stringify({ version: Bun.version, doors, ...(await runChecks(library, cases, serve)) }))
