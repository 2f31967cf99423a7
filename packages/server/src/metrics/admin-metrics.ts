import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { AdminCounts } from '../admin/app.ts'

export interface AdminMetrics extends AdminCounts {
  readonly registry: Registry
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

export function createAdminMetrics(): AdminMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'countersign_server_requests_total',
    help: 'Calls of the admin API and the console: method, route (empty for any other path) and class of the status.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  const seconds = new Histogram({
    name: 'countersign_server_seconds',
    help: 'How long they took.',
    labelNames: ['route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  })
  const refused = new Counter({
    name: 'countersign_server_refused_total',
    help: 'Administrators’ calls that were refused, by the code that says why: a wrong token, a role that may not, too many attempts.',
    labelNames: ['code'],
    registers: [registry],
  })
  return {
    registry,
    answered({ method, route, status, seconds: took }) {
      requests.inc({ method: METHODS.has(method) ? method : 'other', route, status: `${Math.floor(status / 100)}xx` })
      seconds.observe({ route }, took)
    },
    refused: code => refused.inc({ code }),
  }
}
