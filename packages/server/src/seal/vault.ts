import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Agent, fetch } from 'undici'
import { z } from 'zod'
import { errorCodeOf, ServerError } from '../errors.ts'

/** A key of Vault's transit engine, which is OpenBao's as well. */
export interface TransitKey {
  /** Where the engine is mounted: `transit`. */
  readonly mount: string
  readonly name: string
}

/** Wraps and unwraps by keys that never leave Vault. */
export interface Vault {
  /** @returns Vault's text, `vault:v1:…` */
  wrap(key: TransitKey, plain: Uint8Array): Promise<string>
  unwrap(key: TransitKey, wrapped: string): Promise<Uint8Array>
}

type Environment = { readonly [name: string]: string | undefined }

const TIMEOUT_MS = 5_000

/**
 * The Vault that the environment names, as for Vault's own command: `VAULT_ADDR`, `VAULT_NAMESPACE`, `VAULT_CACERT`,
 * and the token in `VAULT_TOKEN` or in `~/.vault-token`; or, of our own, in the file `VAULT_TOKEN_FILE`. All are read
 * at each call, so that a token may be replaced while a server runs.
 *
 * The calls are those of https://developer.hashicorp.com/vault/api-docs/secret/transit: encrypt and decrypt.
 *
 * @throws ServerError of each call: `vault-unset`, `vault-token-missing`, `vault-token-malformed`,
 * `vault-namespace-malformed`, `vault-ca-unreadable`, `vault-unreachable`, `vault-forbidden`, `vault-sealed`,
 * `vault-key-missing`, `vault-failed`; none says the token or what was sent
 */
export function vaultFromEnvironment(environment: Environment = process.env): Vault {
  return {
    async wrap({ mount, name }, plain) {
      const { ciphertext } = await call(
        environment,
        `${mount}/encrypt/${name}`,
        { plaintext: Buffer.from(plain).toString('base64') },
        wrapped,
      )
      return ciphertext
    },
    async unwrap({ mount, name }, ciphertext) {
      const { plaintext } = await call(environment, `${mount}/decrypt/${name}`, { ciphertext }, unwrapped)
      return Buffer.from(plaintext, 'base64')
    },
  }
}

const wrapped = z.object({ data: z.object({ ciphertext: z.string().regex(/^vault:v\d+:/) }) }).transform(({ data }) => data)
const unwrapped = z.object({ data: z.object({ plaintext: z.base64() }) }).transform(({ data }) => data)
const failed = z.object({ errors: z.array(z.string()) })

async function call<T>(environment: Environment, path: string, body: object, answer: z.ZodType<T>): Promise<T> {
  const { VAULT_ADDR: address, VAULT_NAMESPACE: namespace, VAULT_CACERT: caFile } = environment
  if (address === undefined || address === '')
    throw new ServerError('vault-unset', 500, 'Say where Vault is with VAULT_ADDR, such as https://vault.example.com:8200.')
  const base = URL.canParse(address) ? new URL(address) : undefined
  if (base === undefined || (base.protocol !== 'https:' && base.protocol !== 'http:'))
    throw new ServerError('vault-unset', 500, 'VAULT_ADDR is not a URL: it looks like https://vault.example.com:8200.')
  const { origin } = base
  const token = tokenOf(environment)
  if (namespace !== undefined && namespace !== '') checkHeader(namespace, 'VAULT_NAMESPACE', 'vault-namespace-malformed')
  const ca = caFile === undefined || caFile === '' ? undefined : readCa(caFile)
  let status: number
  let text: string
  try {
    const response = await fetch(`${origin}${base.pathname.replace(/\/$/, '')}/v1/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-vault-request': 'true',
        'x-vault-token': token,
        ...(namespace === undefined || namespace === '' ? {} : { 'x-vault-namespace': namespace }),
      },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(ca === undefined ? {} : { dispatcher: new Agent({ connect: { ca } }) }),
    })
    status = response.status
    text = await response.text()
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    const reason =
      errorCodeOf(error) ??
      errorCodeOf(cause) ??
      (cause instanceof Error ? cause.message : error instanceof Error ? error.name : String(error))
    throw new ServerError(
      'vault-unreachable',
      503,
      `Vault at ${origin} does not answer (${reason}): without it, a master key can be neither wrapped nor unwrapped.`,
    )
  }
  if (status === 200) {
    const read = answer.safeParse(parsed(text))
    if (read.success) return read.data
    throw new ServerError('vault-failed', 502, `${origin} answers with something that is not Vault's: look at VAULT_ADDR.`)
  }
  const errors = failed.safeParse(parsed(text)).data?.errors ?? []
  // What answers may be another program, which repeats what it was sent.
  const sent = [token, ...Object.values(body).map(String)]
  const harmless = errors.filter(error => !sent.some(secret => error.replaceAll('\\', '').includes(secret)))
  throw refusal(origin, path, status, harmless)
}

function readCa(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new ServerError('vault-ca-unreadable', 500, `VAULT_CACERT: ${file} can't be read (${errorCodeOf(error) ?? error}).`)
  }
}

function refusal(origin: string, path: string, status: number, errors: readonly string[]): ServerError {
  const said = errors.join('; ').trim().slice(0, 300)
  if (status === 403)
    return new ServerError(
      'vault-forbidden',
      502,
      `Vault at ${origin} does not let this token update ${path}: look at its policy, and whether the token has ended.`,
    )
  if (status === 404 || /key not found/.test(said))
    return new ServerError(
      'vault-key-missing',
      502,
      `Vault at ${origin} has no key for ${path}: vault write -f ${path.replace(/\/(?:en|de)crypt\//, '/keys/')} makes one.`,
    )
  if (status === 503) return new ServerError('vault-sealed', 503, `Vault at ${origin} is sealed or stands by: unseal it, then start again.`)
  return new ServerError('vault-failed', 502, `Vault at ${origin} answered ${path} with ${status}${said === '' ? '' : `: ${said}`}.`)
}

function tokenOf({ VAULT_TOKEN: given, VAULT_TOKEN_FILE: file }: Environment): string {
  if (given !== undefined && given !== '') return checkHeader(given, 'VAULT_TOKEN', 'vault-token-malformed')
  const path = file ?? join(homedir(), '.vault-token')
  const token = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  if (token !== '') return checkHeader(token, `The token in ${path}`, 'vault-token-malformed')
  throw new ServerError(
    'vault-token-missing',
    500,
    `There is no token for Vault${file === undefined ? '' : ` in ${file}`}: set VAULT_TOKEN, or name a file that has one with VAULT_TOKEN_FILE.`,
  )
}

/** @param name never the value, which may be a secret. @throws ServerError of `code` */
function checkHeader(value: string, name: string, code: string): string {
  if (/^[\x21-\x7e]+$/.test(value)) return value
  const what = /[\r\n]/.test(value) ? 'a line break' : 'a space, or a character that is not ASCII,'
  throw new ServerError(code, 500, `${name} has ${what} in it, which a header can't hold: set it anew, without that.`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
