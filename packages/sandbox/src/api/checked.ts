import type { z } from 'zod'
import { ApiError } from '../errors.ts'

/** @throws ApiError 400 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, code: string, title: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const reason = result.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ')
  throw new ApiError(400, code, title, reason)
}
