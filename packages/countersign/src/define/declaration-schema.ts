import { ALGORITHMS, DIGESTS } from '../crypto/algorithm.ts'
import { FIELDS, TEXT_CHANGES } from '../recipe/recipe.ts'
import { ALPHABETS, SECRET_ENCODINGS } from '../wire/encoding.ts'
import { HEADER_NAME_CHARACTERS } from '../wire/headers.ts'
import { METHOD } from '../wire/method.ts'
import { NONCE_FORMATS } from '../wire/nonce.ts'
import { TIMESTAMP_FORMATS } from '../wire/parse-timestamp.ts'

const ID = 'https://raw.githubusercontent.com/countersign/countersign/main/packages/countersign/scheme.schema.json'

const ONLY = {
  methods: { type: 'array', items: { type: 'string', pattern: METHOD.source }, minItems: 1 },
  paths: {
    anyOf: [{ const: 'any' }, { type: 'array', items: { type: 'string', pattern: '^/([^?#*\\s]*/)?([^?#*\\s]*|\\*)$' }, minItems: 1 }],
    description: 'As on the request line; one that ends in /* takes all below it.',
  },
  query: { enum: ['any', 'none'] },
  body: { enum: ['any', 'none', 'required'] },
}

/**
 * The JSON Schema (2020-12) of a scheme's declaration, made from the library's own tables; published as
 * `countersign/scheme.schema.json`. It guides an editor; {@link defineScheme} has the last word.
 */
export function declarationSchema(): object {
  const encoding = { enum: Object.keys(ALPHABETS) }
  const digest = { enum: DIGESTS }
  const template = {
    type: 'string',
    description: `Text, and values in braces: ${FIELDS.map(field => `{${field}}`).join(' ')}, {header.NAME}, a parameter; filters behind |: ${TEXT_CHANGES.join(', ')}, sha1 to sha512 and hmac with an encoding. {{ and }} are braces.`,
  }
  const piece = {
    anyOf: [
      template,
      object({ hash: digest, encoding: { enum: [...Object.keys(ALPHABETS), 'raw'] }, of: oneOrMany(template) }, ['hash', 'encoding', 'of']),
    ],
  }
  const header = {
    anyOf: [
      template,
      object({ prefix: { type: 'string' }, separator: { type: 'string' }, items: { type: 'array', items: template, minItems: 1 } }, [
        'separator',
        'items',
      ]),
    ],
  }
  const characters = { enum: ['digits', 'token', 'visible'] }
  const without = { type: 'string', pattern: '^[!-~]+$', description: 'Characters that it may not hold, such as what stands behind it.' }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: ID,
    title: 'Countersign scheme declaration',
    ...object(
      {
        $schema: { type: 'string' },
        name: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', description: 'What users type.' },
        title: { type: 'string' },
        docs: { type: 'string', description: 'The page that the declaration follows.' },
        algorithm: { enum: ALGORITHMS },
        secret: {
          ...object({ encoding: { enum: SECRET_ENCODINGS }, prefix: { type: 'string' } }, ['encoding']),
          description: 'How the secret is written. Default: utf8.',
        },
        message: { ...oneOrMany(piece), description: 'What is signed, pieces one behind the other.' },
        timestamp: object(
          { formats: { type: 'array', items: { enum: TIMESTAMP_FORMATS }, minItems: 1 }, meaning: { enum: ['issued', 'expires'] } },
          ['formats'],
        ),
        nonce: object({ formats: { type: 'array', items: { enum: NONCE_FORMATS }, minItems: 1 } }, ['formats']),
        signature: object({ encoding }, ['encoding']),
        headers: {
          type: 'object',
          propertyNames: { pattern: `^[${HEADER_NAME_CHARACTERS}]+$` },
          additionalProperties: header,
          description: 'What travels in headers, names in lower case.',
        },
        query: {
          type: 'object',
          additionalProperties: template,
          description: 'Parameters appended to the query; the signature is the last.',
        },
        form: {
          type: 'object',
          additionalProperties: { enum: ['{nonce}', '{timestamp}'] },
          description: 'Parameters of a form-encoded body.',
        },
        parameters: {
          type: 'object',
          propertyNames: { pattern: '^[a-z][A-Za-z0-9]*$' },
          additionalProperties: {
            oneOf: [
              object({ characters, without, default: { type: 'string' } }, ['characters', 'default']),
              object({ characters, without, generate: { enum: NONCE_FORMATS } }, ['characters', 'generate']),
            ],
          },
        },
        only: {
          ...object(ONLY, []),
          description: 'Which calls a verifier takes unless it says so itself, for what the message does not sign.',
        },
      },
      ['name', 'title', 'algorithm', 'message', 'signature'],
    ),
  }
}

function object(properties: object, required: readonly string[]) {
  return { type: 'object', properties, required, additionalProperties: false } as const
}

function oneOrMany(schema: object) {
  return { anyOf: [schema, { type: 'array', items: schema, minItems: 1 }] }
}
