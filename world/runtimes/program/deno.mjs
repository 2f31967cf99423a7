import cases from './cases.json' with { type: 'json' }
import { runChecks } from './checks.js'
import { library } from './doors.js'
import { doors } from './node-doors.js'

function serve(handlerOf) {
  let handler
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, request => handler(request))
  const origin = `http://127.0.0.1:${server.addr.port}`
  handler = handlerOf(origin)
  return { origin, stop: () => server.shutdown() }
}

console.log(JSON.stringify({ version: Deno.version.deno, doors, ...(await runChecks(library, cases, serve)) }))
