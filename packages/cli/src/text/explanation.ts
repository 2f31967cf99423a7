import type { Explanation } from 'countersign/explain'
import { createPaint, type Paint } from './paint.ts'

/**
 * An explanation for people; every line ends with a line break.
 *
 * @param showsSignature whether the right signature is for the eyes of whoever reads it
 */
export function writeExplanation(explanation: Explanation, hasColors: boolean, showsSignature = true): string {
  const paint = createPaint(hasColors)
  return [
    ...headline(explanation, paint),
    ...(explanation.missing.length === 0 ? [] : ['', `${paint('yellow', 'missing')}  ${explanation.missing.join(', ')}`]),
    ...explanation.causes.flatMap(({ dimension, did, fix }) => [
      '',
      `${paint('bold', dimension)}  ${did}`,
      `  ${paint('green', 'fix')}  ${fix}`,
    ]),
    ...difference(explanation, paint),
    ...signatures(explanation, paint, showsSignature),
    '',
  ].join('\n')
}

function headline({ outcome, causes, confidence, attempts, ruledOut, expected }: Explanation, paint: Paint): string[] {
  switch (outcome) {
    case 'match':
      return [
        paint(['bold', 'green'], 'The signature is right.'),
        'If it is refused all the same: countersign verify checks the time and the headers.',
      ]
    case 'explained': {
      const sure =
        confidence === 1
          ? `it reproduces the ${expected.signature === undefined ? 'message' : 'signature'}`
          : `${(confidence * 100).toFixed(confidence > 0.999 ? 3 : 1)} % sure: only a part of the signature was there`
      return [
        `${paint(['bold', 'red'], causes.length === 1 ? 'One mistake.' : `${causes.length} mistakes.`)} ${paint('dim', `(${sure}; ${attempts} tried)`)}`,
      ]
    }
    case 'unsigned':
      return [
        paint(['bold', 'red'], 'The request has no signature.'),
        'It lacks what is listed below: countersign sign prints the headers, and countersign send sends them. If you did send them, a proxy removed them, or the API uses another scheme (--scheme).',
      ]
    case 'unexplained':
      return [
        `${paint(['bold', 'red'], 'Not explained.')} ${paint('dim', `(${attempts} tried)`)}`,
        `Ruled out, alone and in pairs: ${ruledOut.map(({ dimension, hypotheses }) => `${dimension} (${hypotheses})`).join(', ')}.`,
        'Check that it is the secret of this very key, the URL that the client called, and the body byte for byte as it was received.',
      ]
  }
}

function difference({ difference: found }: Explanation, paint: Paint): string[] {
  if (found === undefined) return []
  const { at, expected, actual, pointer, expectedBytes, actualBytes } = found
  return [
    '',
    `the messages differ from character ${at + 1} on:`,
    `  right   ${expected}`,
    `  client  ${actual}`,
    `          ${paint(['bold', 'red'], pointer)}`,
    `  bytes   right ${expectedBytes || '(end)'}, client ${actualBytes || '(end)'}`,
  ]
}

function signatures({ outcome, expected, signed }: Explanation, paint: Paint, showsSignature: boolean): string[] {
  // Without a signature its time is lacking as well, so what is right isn't known.
  if (outcome === 'match' || outcome === 'unsigned') return []
  return [
    '',
    `${paint('dim', 'right message   ')}  ${JSON.stringify(expected.message)}`,
    ...(signed === undefined ? [] : [`${paint('dim', 'client message  ')}  ${JSON.stringify(signed.message)}`]),
    ...(expected.signature === undefined || !showsSignature ? [] : [`${paint('dim', 'right signature ')}  ${expected.signature}`]),
  ]
}
