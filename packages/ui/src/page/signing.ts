import { CountersignError, createSigner, isDeclared, type SignedRequest } from 'countersign'
import { codeSample, curlLine, LANGUAGES } from 'countersign/code'
import { type MessagePart, messageParts } from 'countersign/explain'
import { schemeNamed } from 'countersign/schemes'
import type { CredentialValues } from './credentials.ts'

export interface RequestValues {
  readonly method: string
  readonly url: string
  readonly body: string
  readonly timestamp: string
}

export interface Signing {
  readonly signed: SignedRequest
  readonly parts: readonly MessagePart[]
  readonly curl: string
}

/** What is wrong, and with which field. */
export class FieldError extends Error {
  readonly field: string

  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

/** @throws FieldError */
export async function sign(credentials: CredentialValues, request: RequestValues): Promise<Signing> {
  const scheme = schemeNamed(credentials.scheme)
  if (scheme === undefined) throw new FieldError('scheme', 'There is no such scheme.')
  const { method, url } = request
  const body = request.body === '' ? undefined : request.body
  try {
    const signer = createSigner(scheme, {
      ...(scheme.keyId === 'none' || credentials.keyId === '' ? {} : { keyId: credentials.keyId }),
      ...(scheme.keys === 'key-pair' ? { privateKey: credentials.privateKey } : { secret: credentials.secret }),
      ...(scheme.hasPassphrase ? { passphrase: credentials.passphrase } : {}),
    })
    const signed = await signer.signAsync({
      method,
      url,
      body,
      ...(request.timestamp === '' ? {} : { timestamp: request.timestamp }),
    })
    const { passphrase } = credentials
    const parts = isDeclared(scheme)
      ? await messageParts({
          scheme,
          passphrase,
          keyId: credentials.keyId,
          request: { method, url: signed.url, headers: signed.headers, body },
        })
      : [{ name: 'message', text: new TextDecoder().decode(signed.message()) }]
    return { signed, parts, curl: curlLine(signed) }
  } catch (error) {
    throw new FieldError(fieldOf(error), error instanceof Error ? error.message : String(error))
  }
}

/** A program that signs and sends, or why there is none. */
export function sampleOf(schemeName: string, language: string, { method, url, body }: RequestValues): string {
  const scheme = schemeNamed(schemeName)
  if (scheme === undefined || !isDeclared(scheme))
    return 'This scheme has logic of its own, so there are no samples that are made from its declaration.'
  try {
    return codeSample(scheme, language, { method, url, body: body === '' ? undefined : body })
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

export const SAMPLE_LANGUAGES = LANGUAGES.map(({ name }) => name)

export function fieldOf(error: unknown): string {
  if (!(error instanceof CountersignError)) return 'other'
  const { code, message } = error
  if (code.startsWith('secret')) return 'secret'
  if (code.startsWith('url')) return 'url'
  if (/private.key|PEM/i.test(message)) return 'privateKey'
  if (/passphrase/i.test(message)) return 'passphrase'
  if (/key ?id/i.test(message)) return 'keyId'
  if (/timestamp/i.test(code)) return 'timestamp'
  return /body/i.test(code) ? 'body' : 'other'
}
