import { type Capabilities, type CompiledRecipe, compile, compileText, type TextOf } from '../../recipe/compile.ts'
import { hashFilters } from '../../recipe/hashes.ts'
import { pathFilters } from '../../recipe/path-filters.ts'
import { field, filter, join, type MessageRecipe, type Recipe, text } from '../../recipe/recipe.ts'
import { createLists, type Plus } from './lists.ts'

export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** The last part of every credential scope, and the last text that a key is derived over. */
export const TERMINATOR = 'aws4_request'

/** The only parameter that is not signed, and only where it carries the signature. */
export const SIGNATURE_PARAMETER = 'X-Amz-Signature'

export const PAYLOAD_HEADER = 'x-amz-content-sha256'

const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

/** The markers that may stand in `x-amz-content-sha256` in the place of a hash. */
export const PAYLOAD_MARKERS: ReadonlySet<string> = new Set([
  UNSIGNED_PAYLOAD,
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
])

/** What a key is derived over: it is good for one day, region and service. */
export const DERIVATION: readonly Recipe[] = [field('day'), field('region'), field('service'), text(TERMINATOR)]

export const DERIVATION_TEXTS: readonly TextOf[] = /* @__PURE__ */ DERIVATION.map(recipe => compileText(recipe, [], {}))

const BODY_HASH: Recipe = filter('hex', filter('sha256', field('body')))

/** What the messages of SigV4 differ in. */
export interface Form {
  /**
   * S3 takes a path as it is; other services take out dot segments and double slashes, and encode what is on the wire
   * once more.
   */
  readonly isS3: boolean
  /** Whether the query carries the signature. */
  readonly inQuery: boolean
  /**
   * Where the payload's line is from: the header that states it, the body, or a presigned URL of S3, which does not
   * sign one.
   */
  readonly payload: 'stated' | 'hashed' | 'unsigned'
}

const PAYLOADS: { readonly [P in Form['payload']]: Recipe } = {
  stated: field(`header.${PAYLOAD_HEADER}`),
  hashed: BODY_HASH,
  unsigned: text(UNSIGNED_PAYLOAD),
}

/** The string to sign, with the canonical request in it. */
export function stringToSign({ isS3, inQuery, payload }: Form): MessageRecipe {
  const path = field('path')
  const canonicalRequest = join('\n', [
    field('method'),
    isS3 ? filter('re-encode', path, '/') : filter('percent-encode', filter('normalize', path), '/'),
    {
      op: 'list',
      from: 'query',
      except: inQuery ? [SIGNATURE_PARAMETER] : [],
      each: join('', [filter('percent-encode', field('name')), text('='), filter('percent-encode', field('value'))]),
      sort: 'written',
      join: '&',
    },
    {
      op: 'list',
      from: 'covered',
      except: [],
      each: join('', [field('name'), text(':'), filter('collapse', field('value')), text('\n')]),
      sort: 'none',
      join: '',
    },
    { op: 'list', from: 'covered', except: [], each: field('name'), sort: 'none', join: ';' },
    PAYLOADS[payload],
  ])
  return join('\n', [
    text(ALGORITHM),
    field('timestamp'),
    join('/', DERIVATION),
    filter('hex', filter('sha256', { op: 'step', name: 'canonicalRequest', of: canonicalRequest })),
  ])
}

/** A recipe with its functions. */
export interface Made {
  readonly recipe: MessageRecipe
  readonly made: CompiledRecipe
}

/** Compiles each form's recipe once. */
export function compileForms(plus: Plus): (form: Form) => Made {
  const capabilities: Capabilities = { ...hashFilters, list: createLists(plus), filter: pathFilters }
  const known: (Made | undefined)[] = []
  return form => {
    const index = (form.isS3 ? 6 : 0) + (form.inQuery ? 3 : 0) + (form.payload === 'stated' ? 0 : form.payload === 'hashed' ? 1 : 2)
    let made = known[index]
    if (made === undefined) {
      const recipe = stringToSign(form)
      made = { recipe, made: compile(recipe, capabilities) }
      known[index] = made
    }
    return made
  }
}

/** S3 and its kin; `s3tables`, `s3vectors` and `s3files` are services like the others. */
export function isS3Service(service: string): boolean {
  return service === 's3' || service === 's3express' || service.startsWith('s3-')
}
