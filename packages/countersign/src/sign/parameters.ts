import { CountersignError } from '../contract/error.ts'
import { parameterPattern } from '../scheme/parameter.ts'
import type { SignerFeatures } from '../scheme/scheme.ts'
import { createNonceMaker } from '../wire/nonce.ts'
import { systemClock } from '../wire/timestamp.ts'

/** For schemes with parameters: the default, what was given, or a value made for every call. */
export const parameters: Required<Pick<SignerFeatures, 'parameters'>> = {
  parameters(scheme, { parameters: given = {}, clock = systemClock }) {
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined) continue
      const parameter = Object.hasOwn(scheme.parameters, name) ? scheme.parameters[name] : undefined
      if (parameter !== undefined && !new RegExp(`^${parameterPattern(parameter)}$`).test(value))
        throw new CountersignError(
          'option-invalid',
          `${JSON.stringify(value.slice(0, 40))} can't be the parameter ${name} of the scheme ${scheme.name}: it is ${parameter.characters}${parameter.without === undefined ? '' : ` without ${parameter.without}`}.`,
        )
    }
    const declared = Object.entries(scheme.parameters)
    const makers = declared
      .filter(([name]) => given[name] === undefined)
      .flatMap(([name, { generate }]) => (generate === undefined ? [] : [{ name, make: createNonceMaker(generate, clock) }]))
    const fixed = Object.fromEntries(declared.map(([name, { default: value = '' }]) => [name, given[name] ?? value]))
    if (makers.length === 0) return () => fixed
    return () => ({ ...fixed, ...Object.fromEntries(makers.map(({ name, make }) => [name, make()])) })
  },
}
