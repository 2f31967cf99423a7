import { DEFAULT_METHODS } from '../verify/types.ts'
import { changing, type Hypothesis, replacing } from './hypothesis.ts'

/** Every way to have signed another method than the one that was sent. */
export function methodHypotheses(sent: string): readonly Hypothesis[] {
  const fix = 'Sign the method that is sent, in the case that the scheme says.'
  const all: Hypothesis[] = [
    {
      code: 'method-lower-case',
      dimension: 'method',
      weight: 1,
      did: 'It signed the method in lower case.',
      fix,
      ...changing('method', method => method.toLowerCase()),
    },
    {
      code: 'method-title-case',
      dimension: 'method',
      weight: 3,
      did: 'It signed the method with one capital.',
      fix,
      ...changing('method', method => method.charAt(0) + method.slice(1).toLowerCase()),
    },
  ]
  for (const method of DEFAULT_METHODS)
    if (method !== sent)
      all.push({
        code: `method-${method.toLowerCase()}`,
        dimension: 'method',
        weight: 2,
        did: `It signed the method ${method}, and sent ${sent}.`,
        fix,
        ...replacing('method', () => method),
      })
  return all
}
