import { isDeclared, type Scheme } from 'countersign'
import { sampleRequest } from 'countersign/code'
import { LISTEN_PORT } from '../listen/port.ts'
import { shellWord } from '../text/shell-word.ts'
import type { Answers } from './answers.ts'
import { GATEWAY_FILE, GATEWAY_ORIGIN } from './gateway-file.ts'

/** Three commands that work as they are printed, in the folder, the first in a terminal of its own where it serves. */
export function nextCommands({ purpose, scheme, schemeName, name }: Answers): readonly [string, string, string] {
  const profile = `--profile ${shellWord(name)}`
  const listen = `countersign listen ${profile}`
  switch (purpose) {
    case 'receive': {
      const trigger = `countersign trigger ${shellWord(schemeName)} :${LISTEN_PORT} ${profile}`
      return [listen, trigger, `${trigger} --break secret`]
    }
    case 'call':
      return [
        listen,
        `countersign sign ${sampleWords(scheme, 'https://api.example.com/v1/orders')} ${profile}`,
        `countersign send ${sampleWords(scheme, `http://localhost:${LISTEN_PORT}/v1/orders`)} ${profile}`,
      ]
    case 'protect':
      return [
        `countersign gateway --config ${GATEWAY_FILE}`,
        `countersign send ${sampleWords(scheme, `${GATEWAY_ORIGIN}/v1/orders`)} ${profile}`,
        'countersign keys list',
      ]
  }
}

/** Method, URL and body of a call that the scheme's verifier takes. */
function sampleWords(scheme: Scheme, base: string): string {
  const { method, url, body } = isDeclared(scheme) ? sampleRequest(scheme, base) : { method: 'GET', url: base, body: undefined }
  return [method, url, ...(body === undefined ? [] : ['-d', body]), ...(PARAMETERS.get(scheme.name) ?? [])].map(shellWord).join(' ')
}

/** What the signers of these schemes want to know, and an address outside of AWS does not tell. */
const SIGV4 = ['--param', 'service=execute-api', '--param', 'region=eu-west-1']
const PARAMETERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['aws-sigv4', SIGV4],
  ['aws-sigv4-query', SIGV4],
])
