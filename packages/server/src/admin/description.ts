import { type OpenApiDocument, openApiOf, PROBLEM } from './openapi.ts'
import type { Route } from './route.ts'

const WHO = {
  public: 'Anybody.',
  read: 'Any administrator.',
  write: 'Admins and operators, not auditors.',
  operator: 'Operators only.',
}

/** The admin API in OpenAPI 3.1. */
export function describeAdminApi(routes: readonly Route[]): OpenApiDocument {
  return openApiOf({
    title: 'Countersign key management',
    version: '1',
    description:
      'Keys and secrets of a signed API: make, change, rotate, revoke and audit them. Send a token with every call: Authorization: Bearer csa_….',
    calls: routes.map(route => ({
      ...route,
      description: WHO[route.access],
      security: route.access === 'public' ? [] : ['token', 'session'],
    })),
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer', description: 'The token of an administrator: csa_….' },
      session: {
        type: 'apiKey',
        in: 'cookie',
        name: 'countersign_session',
        description: 'The console’s session; changes need x-csrf-token, too.',
      },
    },
    error: PROBLEM,
  })
}
