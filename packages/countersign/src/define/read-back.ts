import { checkAllowances } from '../contract/allowance.ts'
import { CountersignError } from '../contract/error.ts'
import type { Failure } from '../contract/failure.ts'
import { explainFailure } from '../contract/problem.ts'
import { compileGuards } from '../coverage/guards.ts'
import { openEndsOf } from '../coverage/open-ends.ts'
import { createDeclaredPlan } from '../declared/plan.ts'
import type { Call } from '../recipe/call.ts'
import { compileText } from '../recipe/compile.ts'
import { type Field, field, fieldsOf, macOf } from '../recipe/recipe.ts'
import { type Composition, isFailure, type Preparer } from '../scheme/plan.ts'
import type { SignableRequest } from '../scheme/request.ts'
import { carriedMac, type DeclaredScheme, type SignerFeatures } from '../scheme/scheme.ts'
import { judgeTime } from '../verify/time.ts'
import { headerLines } from '../wire/header-lines.ts'
import { hostOf, splitUrl } from '../wire/url.ts'

interface Given extends Composition {
  request?: SignableRequest
}

/**
 * For schemes of one's own: every call is read as a verifier reads it, before it is given away. What a declaration can
 * say has no end, such as a separator that some value happens to hold; so the reader decides, not a list of what could
 * go wrong. The library's own schemes do without: a test tries them.
 */
export const readBack: Required<Pick<SignerFeatures, 'readBack'>> = {
  readBack(scheme, preparer, { allow = [] }) {
    checkAllowances(allow)
    const plan = createDeclaredPlan(scheme)
    // What can be told from no call is signed for those who take it.
    const isHopeless = openEndsOf(scheme).some(({ seen }) => seen === 'never')
    const guard = compileGuards(scheme, { allowed: new Set(isHopeless ? [...allow, 'ambiguous-request'] : allow) })
    const readers = readersOf(scheme)

    function check({ call, request }: Given, signed: ReturnType<Preparer['carry']>, signature: string): void {
      const { origin, target } = splitUrl(signed.url)
      const written = headerLines({ host: hostOf(origin), ...signed.headers })
      const given = headerLines(request?.headers ?? {}).filter(([name]) => !written.some(([own]) => own === name.toLowerCase()))
      const claim = plan.read({ method: signed.method, target, headers: [...written, ...given] })
      if (isFailure(claim)) throw unreadable(scheme, claim)
      const complete = plan.complete(claim, signed.body)
      if (isFailure(complete)) throw unreadable(scheme, complete)
      const { issuedMs, expiresMs = 0 } = complete.moment ?? {}
      const timely = judgeTime(complete, issuedMs ?? expiresMs - 1, Number.MAX_VALUE)
      if (isFailure(timely)) throw unreadable(scheme, timely)
      const read = plan.compose(timely, { origin, basePath: '', host: hostOf(origin), canonical: origin })
      if (isFailure(read)) throw unreadable(scheme, read)
      const other = readers.find(([, value]) => value(call) !== value(read.call))
      if (other !== undefined) throw misread(scheme, other[0])
      if (claim.signature !== signature || claim.moreSignatures.length > 0) throw misread(scheme, 'signature')
      const ambiguous = guard(read.call)
      if (ambiguous !== undefined) throw unreadable(scheme, ambiguous)
    }

    return {
      prepare: request => Object.assign(preparer.prepare(request) as Given, { request }),
      carry(prepared, signature, signedPassphrase) {
        const signed = preparer.carry(prepared, signature, signedPassphrase)
        check(prepared, signed, signature)
        return signed
      },
    }
  },
}

/** What is read of a call, for both sides to agree on: everything that is signed, and who signs it. */
function readersOf(scheme: DeclaredScheme): readonly (readonly [Field, (call: Call) => string])[] {
  const carried = scheme.carriers.flatMap(({ items }) => items.flat()).filter(part => macOf(part) === undefined)
  const fields = new Set([...scheme.message.of, ...carried].flatMap(fieldsOf))
  // A passphrase that is not carried as it is, a verifier knows for itself.
  const isKnown = carriedMac(scheme) !== undefined || !carried.flatMap(fieldsOf).includes('passphrase')
  return [...fields]
    .filter(name => name !== 'signature' && !(name === 'passphrase' && isKnown))
    .map(name => [name, compileText(field(name), [], {})] as const)
}

function unreadable({ name }: DeclaredScheme, failure: Failure): CountersignError {
  return new CountersignError('option-invalid', `A verifier of the scheme ${name} would refuse this call: ${explainFailure(failure)}`)
}

function misread({ name }: DeclaredScheme, what: Field): CountersignError {
  return new CountersignError(
    'option-invalid',
    `A verifier of the scheme ${name} would read another ${what} than was signed: a character of it means something where it travels, or a filter changes it.`,
  )
}
