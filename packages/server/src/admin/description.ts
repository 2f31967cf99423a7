import { type OpenApiDocument, openApiOf, PROBLEM } from './openapi.ts'
import type { AdminContext, Route } from './route.ts'

const WHO = {
  public: 'Anybody.',
  read: 'Any administrator.',
  write: 'Admins and operators, not auditors.',
  operator: 'Operators only.',
}

type Choices = Pick<AdminContext, 'schemes' | 'permissions'>

/** What keys can be made with here, in a sentence each. */
function choicesOf({ schemes, permissions }: Choices): string {
  const names = schemes.map(({ name }) => name).join(', ')
  const granted = permissions?.map(({ name, title }) => (title === name ? name : `${name} (${title})`)).join(', ')
  return `Keys are for one of the schemes ${names}. ${granted === undefined ? 'Their permissions have any names.' : `Their permissions are: ${granted}.`}`
}

/** The admin API in OpenAPI 3.1. */
export function describeAdminApi(routes: readonly Route[], { schemes, permissions }: Choices): OpenApiDocument {
  return openApiOf({
    title: 'Countersign key management',
    version: '1',
    description: `Keys and secrets of a signed API: make, change, rotate, revoke and audit them. Send a token with every call: Authorization: Bearer csa_…. ${choicesOf({ schemes, permissions })}`,
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
