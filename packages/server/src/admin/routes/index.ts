import type { Route } from '../route.ts'
import { otherRoutes, sessionRoutes } from './audit.ts'
import { keyRoutes } from './keys.ts'
import { apiKeyRoutes } from './qredo-keys.ts'

/** Every call of the admin API. What is not here does not exist, and the description in OpenAPI is made from it. */
export const routes: readonly Route[] = [...sessionRoutes, ...keyRoutes, ...otherRoutes, ...apiKeyRoutes]
