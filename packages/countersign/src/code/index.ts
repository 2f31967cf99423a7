import { CountersignError } from '../contract/error.ts'
import { oneOf } from '../contract/one-of.ts'
import type { DeclaredScheme } from '../scheme/scheme.ts'
import { csharp } from './csharp.ts'
import { curl } from './curl.ts'
import { go } from './go.ts'
import { java } from './java.ts'
import type { Language } from './language.ts'
import { node } from './node.ts'
import { php } from './php.ts'
import { postman } from './postman.ts'
import { createProgram, type SampleRequest } from './program.ts'
import { python } from './python.ts'
import { ruby } from './ruby.ts'

export { curlLine } from './curl-line.ts'
export { sampleRequest } from './sample-request.ts'
export type { Language, SampleRequest }

/** Every language that a sample can be written in. */
export const LANGUAGES: readonly Language[] = [curl, python, node, go, java, php, ruby, csharp, postman]

/**
 * A complete program that signs and sends one request, in the language's own manner and without anything to install,
 * made from the scheme's declaration. It takes `API_KEY`, `API_SECRET`, `API_PASSPHRASE` and `PRIVATE_KEY_FILE` from
 * the environment, as far as the scheme wants them, prints the answer, and exits with another code than 0 when that is
 * not 2xx.
 *
 * @example
 * ```ts
 * const program = codeSample(stripe, 'python', { method: 'POST', url: 'https://example.com/hook', body: '{}' })
 * ```
 * @throws CountersignError `option-invalid` for an unknown language or one that lacks what the scheme needs;
 * `url-not-signable`
 */
export function codeSample(scheme: DeclaredScheme, languageName: string, request: SampleRequest): string {
  const names = LANGUAGES.map(({ name }) => name)
  const language = LANGUAGES.find(({ name }) => name === languageName)
  if (language === undefined) throw new CountersignError('option-invalid', `${oneOf(languageName, 'language', names)}.`)
  const program = createProgram(scheme, request)
  const obstacle = language.findObstacle?.(program)
  if (obstacle !== undefined)
    throw new CountersignError('option-invalid', `The scheme ${scheme.name} has no sample in ${language.title}: ${obstacle}.`)
  return language.write(program)
}
