import { z } from 'zod'

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: { readonly schemas: { readonly [name: string]: JsonSchema }; readonly securitySchemes: object }
}

export interface Operation {
  readonly tags?: readonly string[]
  readonly summary: string
  readonly description: string
  readonly security: readonly object[]
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: JsonSchema
    readonly description?: string
  }[]
  readonly requestBody?: { readonly required: boolean; readonly content: { readonly 'application/json': { readonly schema: JsonSchema } } }
  readonly responses: { readonly [status: string]: { readonly description: string; readonly content?: object } }
}

export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** A call as it is described. */
export interface DescribedCall {
  readonly method: string
  /** With parameters as `{id}`. */
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly tag?: string | undefined
  /** Names of security schemes, of which one is wanted; empty: anybody. */
  readonly security: readonly string[]
  readonly body?: z.ZodType | undefined
  readonly query?: z.ZodObject | undefined
  readonly headers?: z.ZodObject | undefined
  /** Left out: nothing, or text. */
  readonly answer?: z.ZodType | undefined
  readonly status: number
}

export interface DescribedApi {
  readonly title: string
  readonly version: string
  readonly description: string
  readonly calls: readonly DescribedCall[]
  readonly securitySchemes: { readonly [name: string]: object }
  /** What every refusal looks like: its name among the schemas, its schema, and its media type. */
  readonly error: { readonly name: string; readonly schema: JsonSchema; readonly type: string }
}

/** RFC 9457, as OpenAPI describes it. */
export const PROBLEM: DescribedApi['error'] = {
  name: 'Problem',
  type: 'application/problem+json',
  schema: {
    type: 'object',
    description: 'RFC 9457. `code` is stable.',
    properties: {
      type: { type: 'string' },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      code: { type: 'string' },
    },
    required: ['type', 'title', 'status', 'detail', 'code'],
  },
}

/** OpenAPI 3.1 of some calls, from the very schemas that check what comes in and type what goes out. */
export function openApiOf({ title, version, description, calls, securitySchemes, error }: DescribedApi): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = { [error.name]: error.schema }
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
    const {
      $schema: _,
      $defs = {},
      ...root
    } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema & { $defs?: Record<string, JsonSchema> }
    for (const [name, definition] of Object.entries($defs)) schemas[name] = pointed(definition)
    const { id, ...rest } = pointed(root)
    if (typeof id !== 'string') return rest
    schemas[id] = rest
    return { $ref: `#/components/schemas/${id}` }
  }
  const paths: Record<string, Record<string, Operation>> = {}
  for (const call of calls) {
    const operation: Operation = {
      summary: call.summary,
      description: call.description,
      ...(call.tag === undefined ? {} : { tags: [call.tag] }),
      security: call.security.map(name => ({ [name]: [] })),
      parameters: [
        ...[...call.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
        ...parametersOf(call.query, 'query'),
        ...parametersOf(call.headers, 'header'),
      ],
      ...(call.body === undefined
        ? {}
        : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(call.body, 'input') } } } }),
      responses: {
        [call.status]: {
          description: call.summary,
          ...(call.answer === undefined ? {} : { content: { 'application/json': { schema: schemaOf(call.answer, 'output') } } }),
        },
        default: { description: 'Refused.', content: { [error.type]: { schema: { $ref: `#/components/schemas/${error.name}` } } } },
      },
    }
    paths[call.path] = { ...paths[call.path], [call.method.toLowerCase()]: operation }
  }
  return { openapi: '3.1.0', info: { title, version, description }, paths, components: { schemas, securitySchemes } }
}

function parametersOf(schema: z.ZodObject | undefined, place: 'query' | 'header'): Operation['parameters'] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => ({ name, in: place, required: required.includes(name), schema: property }))
}

/** References inside a schema become those of a document, and ids go. */
function pointed(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonSchema
}
