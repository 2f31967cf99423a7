import { compileDeprecation, type Deprecation } from 'countersign'
import { z } from 'zod'
import { PATH_READINGS } from '../gateway/paths/path-readings.ts'
import { MAX_QUOTA, MAX_WINDOW_SECONDS } from '../gateway/rates/rate.ts'
import { routeTimeouts, upstream, upstreamTls } from './config-upstream.ts'
import { COUNTED } from './setting-paths.ts'

/** ISO 8601, a date or a time. */
const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })])
const method = z.string().regex(/^[A-Z]+$/)

/** The verifier's option of the same name. */
const only = z
  .strictObject({
    methods: z.array(method).min(1).optional().meta({ description: 'Has to be said where the method is not signed.' }),
    paths: z
      .union([z.literal('any'), z.array(z.string().startsWith('/')).min(1)])
      .optional()
      .meta({ description: 'Exact paths; everything below for one that ends in /*. Has to be said where the path is not signed.' }),
    query: z.enum(['any', 'none']).optional().meta({ description: 'Default where the query is not signed: none.' }),
    body: z
      .enum(['any', 'none', 'required'])
      .optional()
      .meta({ description: 'Default where the body is not signed: none. required: a call without a body is refused.' }),
  })
  .meta({
    description:
      'Which calls are taken, for what a scheme of the route does not sign: anybody could change that on the way. Default: what the scheme itself names; countersign schemes NAME shows it.',
  })

/** A route, as a gateway's file has it. */
export const route = z.strictObject({
  path: z.string().startsWith('/').meta({ description: 'A prefix of whole segments; the longest that fits counts.' }),
  schemes: z.array(z.string()).min(1),
  permission: z
    .union([z.literal('any'), z.array(z.string()).min(1)])
    .optional()
    .meta({
      description:
        'The key needs one of these; any: none. Default: the permission that opens the call, where permissions have opens; else none.',
    }),
  methods: z.array(method).min(1).optional(),
  only: only.optional(),
  rate: z
    .strictObject({ quota: z.int().min(1).max(MAX_QUOTA), windowSeconds: z.int().min(1).max(MAX_WINDOW_SECONDS) })
    .optional()
    .meta({
      description:
        'How many calls each key may make through this route: quota at once, and as many again in windowSeconds, evenly. Default: no limit.',
    }),
  upstream: upstream.optional().meta({ description: 'Where its requests go. Default: the upstream of the gateway.' }),
  upstreamTls: upstreamTls
    .optional()
    .meta({ description: `TLS to its own https:// upstream, as paths of PEM files${COUNTED}. Default: none of the gateway’s.` }),
  timeouts: routeTimeouts.optional().meta({ description: 'For its upstream. Default of each: the gateway’s.' }),
  audience: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Whom the identity token of its calls is for. Default: the URL of its upstream.' }),
  key: z.string().min(1).optional().meta({
    description: 'The key of calls by schemes that name none, such as those of webhooks: github, stripe, standard-webhooks.',
  }),
  keyFrom: z
    .strictObject({
      header: z.string().optional().meta({ description: 'A header whose value is the id, in lower case. It does not go upstream.' }),
      path: z.string().startsWith('/').optional().meta({ description: 'A path below the route’s with {key} for the id: /hooks/{key}.' }),
    })
    .optional()
    .meta({ description: 'Where such calls name their key. It need not be signed: the signature has to be that of the key.' }),
  allow: z.array(z.enum(PATH_READINGS)).optional().meta({
    description:
      'How the upstream does not read paths: letter-case where it tells /Admin from /admin. Such a path is then accepted even if that reading would lead to another route.',
  }),
})

/** A scheme or route that is on its way out, as a gateway's file has it. */
export const deprecation = z
  .strictObject({
    scheme: z.string().optional().meta({ description: 'A scheme that is on its way out; or a route.' }),
    route: z.string().startsWith('/').optional().meta({ description: 'The path of a route that is.' }),
    since: moment.meta({ description: 'Sent as Deprecation, RFC 9745.' }),
    sunset: moment.optional().meta({ description: 'From when it is refused; sent as Sunset, RFC 8594.' }),
    successor: z.string().max(200).optional().meta({ description: 'What to use instead; named in refusals.' }),
    link: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ description: 'A page that tells how to move; sent as Link.' }),
    brownOuts: z
      .array(z.strictObject({ from: moment, until: moment }))
      .max(1000)
      .optional()
      .meta({ description: 'Times in which it does not answer, as a warning.' }),
  })
  .refine(({ scheme, route }) => (scheme === undefined) !== (route === undefined), 'Name a scheme or a route.')
  .refine(isDeprecation, 'The sunset lies behind the deprecation, and the end of a brown-out behind its beginning.')

function isDeprecation({ scheme: _scheme, route: _route, ...deprecation }: Deprecation & { scheme?: unknown; route?: unknown }): boolean {
  try {
    compileDeprecation(deprecation)
    return true
  } catch {
    return false
  }
}
