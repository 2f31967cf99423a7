import { z } from 'zod'

/** A whole number of any size: a JSON integer, digit for digit. */
export const integer = z
  .custom<bigint>(value => typeof value === 'bigint')
  .meta({ type: 'integer', description: 'In the asset’s smallest unit.' })

export const timestamp = z.number().meta({ type: 'integer', description: 'Seconds since the epoch.' })

export const count = z.number().meta({ type: 'integer' })

export function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
