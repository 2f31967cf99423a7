/** A Worker: its secret comes in `env`, and `GET /checks` runs the checks inside of it. */
import cases from './cases.json' with { type: 'json' }
import { handlerOf, runChecks } from './checks.js'
import { library } from './doors.js'
import { doors } from './web-doors.js'

const handlers = new WeakMap()

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === '/checks') return Response.json({ doors, ...(await runChecks(library, cases)) })
    const handler = handlers.get(env) ?? handlerOf(library, env.ORIGIN, { keyId: 'k', secret: env.API_SECRET })
    handlers.set(env, handler)
    return handler(request)
  },
}
