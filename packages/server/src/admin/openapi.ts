import { z } from 'zod'
import type { Route } from './route.ts'

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } }
  readonly components: { readonly schemas: { readonly [name: string]: JsonSchema }; readonly securitySchemes: object }
}

export interface Operation {
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

const WHO = {
  public: 'Anybody.',
  read: 'Any administrator.',
  write: 'Admins and operators, not auditors.',
  operator: 'Operators only.',
}

/** OpenAPI 3.1 of the routes, from the very schemas that check what comes in. */
export function openApiOf(routes: readonly Route[]): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = {
    Problem: {
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
  for (const { method, path, summary, access, body, query, answer, status } of routes) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    }))
    const queried =
      query === undefined
        ? {}
        : (z.toJSONSchema(query, { io: 'input' }) as { properties?: Record<string, JsonSchema>; required?: string[] })
    const inQuery = Object.entries(queried.properties ?? {}).map(([name, schema]) => ({
      name,
      in: 'query',
      required: queried.required?.includes(name) ?? false,
      schema,
    }))
    const error = { description: 'Refused.', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }
    const operation: Operation = {
      summary,
      description: WHO[access],
      security: access === 'public' ? [] : [{ token: [] }, { session: [] }],
      parameters: [...inPath, ...inQuery],
      ...(body === undefined
        ? {}
        : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
      responses: {
        [status]: {
          description: summary,
          ...(answer === undefined ? {} : { content: { 'application/json': { schema: schemaOf(answer, 'output') } } }),
        },
        default: error,
      },
    }
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Countersign key management',
      version: '1',
      description: 'Keys and secrets of a signed API: make, change, rotate, revoke and audit them.',
    },
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The token of an administrator: csa_….' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'countersign_session',
          description: 'The console’s session; changes need x-csrf-token, too.',
        },
      },
    },
  }
}

/** References inside a schema become those of a document, and ids go. */
function pointed(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonSchema
}
