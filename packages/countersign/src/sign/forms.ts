import { CountersignError } from '../contract/error.ts'
import type { SignerFeatures } from '../scheme/scheme.ts'
import { addToForm, isForm, readForm } from '../wire/form.ts'

/**
 * For schemes whose form-encoded body carries a nonce or a timestamp: one that it holds already is the call's, one that
 * it lacks is put in front.
 */
export const forms: Required<Pick<SignerFeatures, 'forms'>> = {
  forms({ name: schemeName, carriers }, call, isJson, crypto) {
    let text = typeof call.body === 'string' ? call.body : new TextDecoder().decode(call.body)
    if (isJson || !isForm(text))
      throw new CountersignError(
        'body-not-signable',
        `The scheme ${schemeName} wants a form-encoded body: give it as text, such as a=1&b=2, with everything else percent-encoded.`,
      )
    for (const { in: place, name, fields } of carriers) {
      if (place !== 'form') continue
      const field = fields[0] === 'nonce' ? 'nonce' : 'timestamp'
      const given = readForm(text, name)
      if (given === undefined) text = addToForm(text, name, call[field])
      else if (given !== '') call[field] = given
      else throw new CountersignError('body-not-signable', `The body holds ${name} more than once, or empty.`)
    }
    call.body = text
    return { bytes: crypto.utf8(text), contentType: 'application/x-www-form-urlencoded' }
  },
}
