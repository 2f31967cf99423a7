import type { Route } from '../route.ts'
import { administratorRoutes } from './administrators.ts'
import { auditRoutes } from './audit.ts'
import { choiceRoutes } from './choices.ts'
import { keyRoutes } from './keys.ts'
import { migrationRoutes } from './migration.ts'
import { organisationRoutes } from './organisations.ts'
import { qredoKeyRoutes } from './qredo-keys.ts'
import { sessionRoutes } from './session.ts'

/** Every call of the admin API. What is not here does not exist, and the description in OpenAPI is made from it. */
export const routes: readonly Route[] = [
  ...sessionRoutes,
  ...keyRoutes,
  ...choiceRoutes,
  ...organisationRoutes,
  ...administratorRoutes,
  ...migrationRoutes,
  ...auditRoutes,
  ...qredoKeyRoutes,
]
