import type { EpochFormat } from '../wire/timestamp.ts'
import type { SchemeDeclaration } from './declaration.ts'
import type { PartNames, Templates } from './known-parts.ts'

/**
 * What has to be given beside a declaration: the features that its calls need. Without one, a signer would leave a
 * nonce or a parameter out. Filters are not looked at here: a signer throws for a filter that it doesn't have.
 */
export type NeededFeatures<D extends SchemeDeclaration, Features> = [Needs<D>] extends [never]
  ? readonly [features?: Features]
  : readonly [features: Features & Pick<Required<Features>, Needs<D> & keyof Features>]

type Needs<D extends SchemeDeclaration> =
  | ('nonce' extends PartNames<Templates<D>> ? 'nonces' : never)
  | (Extract<PartNames<Templates<D>>, `header.${string}`> extends never ? never : 'headers')
  | ('passphrase' extends PartNames<Templates<D>> ? 'passphrases' : never)
  | (D extends { readonly parameters: object } ? 'parameters' : never)
  | (D extends { readonly form: object } ? 'forms' : never)
  | (D extends { readonly timestamp: { readonly formats: readonly (infer F)[] } }
      ? Exclude<F, EpochFormat> extends never
        ? never
        : 'isTimestamp' | 'stamp'
      : never)
  | (D extends { readonly timestamp: { readonly meaning: 'expires' } } ? 'stamp' : never)
  | (D extends { readonly query: object } ? 'queries' : never)
