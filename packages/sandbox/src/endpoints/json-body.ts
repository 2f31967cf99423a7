import type { z } from 'zod'
import { ApiError } from '../errors.ts'

/** The JSON body of a call, checked against its schema. */
export function readJsonBody<T>(body: Uint8Array | undefined, schema: z.ZodType<T>): T {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw new ApiError(
      400,
      'malformed-json',
      'Malformed body',
      `The body is not JSON: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const reason = result.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ')
  throw new ApiError(400, 'invalid-body', 'Invalid body', reason)
}
