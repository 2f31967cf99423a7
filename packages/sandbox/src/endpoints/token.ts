import type { Principal } from '@countersign/server'
import { z } from 'zod'
import { type Endpoint, endpoint } from '../api/endpoint.ts'
import { ApiError } from '../errors.ts'
import type { Tokens } from '../tokens/tokens.ts'

const answer = z.object({ token: z.string().meta({ description: 'A JWT, good for an hour: send it as x-token.' }) }).meta({ id: 'Token' })

/** The call that is signed for a token, and the one that has it renewed. A workspace is an organisation. */
export function tokenEndpoints(tokens: Tokens): { readonly token: Endpoint; readonly refresh: Endpoint } {
  const issue = async (principal: Principal, workspaceId = '') => {
    if (workspaceId !== principal.organisationId)
      throw new ApiError(403, 'wrong-workspace', 'Permission denied', `The key is not of the workspace ${workspaceId.slice(0, 80)}.`)
    return { token: await tokens.issue({ keyId: principal.keyId, workspaceId }) }
  }
  return {
    token: endpoint({
      method: 'GET',
      path: '/workspaces/{workspace_id}/token',
      summary: 'A token for all other calls; this one is signed',
      answer,
      isForEveryKey: true,
      handle: ({ principal, params }) => issue(principal, params['workspace_id']),
    }),
    refresh: endpoint({
      method: 'GET',
      path: '/workspaces/{workspace_id}/token/refresh',
      summary: 'A new token for one that is still good',
      answer,
      isForEveryKey: true,
      handle: ({ principal, params }) => issue(principal, params['workspace_id']),
    }),
  }
}
