import { parseJson } from '@countersign/server'
import type { z } from 'zod'
import { ApiError } from '../errors.ts'
import { checked } from './checked.ts'

/**
 * The JSON body of a call, checked against its schema.
 *
 * @throws ApiError 400
 */
export function readJsonBody<T>(bytes: Uint8Array, schema: z.ZodType<T>): T {
  let value: unknown
  try {
    value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new ApiError(
      400,
      'malformed-json',
      'Malformed body',
      `The body can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return checked(schema, value, 'invalid-body', 'Invalid body')
}
