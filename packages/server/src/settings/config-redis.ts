import { z } from 'zod'
import { checkRedisLocation } from '../redis/redis-location.ts'

/** Where calls and rates are remembered by all processes. */
export const redis = z
  .union([z.string(), z.array(z.string()).min(1)])
  .superRefine((location, context) => {
    try {
      checkRedisLocation(location)
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    }
  })
  .meta({
    description:
      'redis://…, redis-sentinel://host:26379,host:26379#name, or the nodes of a cluster, for replay protection and rates across processes; left out: in memory, for one process.',
  })
