import { apiKeyRoutes } from './apikey-routes.ts'
import { keyRoutes } from './key-routes.ts'
import { otherRoutes, sessionRoutes } from './other-routes.ts'
import type { Route } from './route.ts'

/** Every call of the admin API. What is not here does not exist, and the description in OpenAPI is made from it. */
export const routes: readonly Route[] = [...sessionRoutes, ...keyRoutes, ...otherRoutes, ...apiKeyRoutes]
