import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Vault's transit engine as https://developer.hashicorp.com/vault/api-docs/secret/transit has it, since Vault itself
 * can't be installed where these tests run: encrypt and decrypt with versions of a key, tokens and namespaces.
 */
export interface TestTransit {
  readonly address: string
  readonly token: string
  readonly asked: { readonly path: string; readonly namespace: string | undefined }[]
  isSealed: boolean
  /** Something else answers in its place. */
  isOther: boolean
  /** Something else answers in its place, with what it was sent, written so. */
  echo: ((sent: string) => string) | undefined
  rotate(): void
  /** Stops listening until {@link TestTransit.start}. */
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startTransit(mount = 'transit', name = 'countersign'): Promise<TestTransit> {
  const versions = [randomBytes(32)]
  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const path = request.url ?? ''
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    transit.asked.push({ path, namespace: request.headers['x-vault-namespace'] as string | undefined })
    const sent = Buffer.concat(pieces).toString()
    if (transit.echo !== undefined)
      return answer(400, { errors: ['bad request', transit.echo(`${request.headers['x-vault-token']} ${sent}`)] })
    if (transit.isOther) return void response.end('<h1>hello</h1>')
    if (transit.isSealed) return answer(503, { errors: ['Vault is sealed'] })
    if (request.headers['x-vault-token'] !== transit.token) return answer(403, { errors: ['permission denied'] })
    const body = JSON.parse(sent) as { plaintext?: string; ciphertext?: string }
    if (request.method !== 'POST' || !path.startsWith(`/v1/${mount}/`)) return answer(404, { errors: ['no handler for route'] })
    if (!path.endsWith(`/${name}`)) return answer(400, { errors: ['encryption key not found'] })
    if (path === `/v1/${mount}/encrypt/${name}`) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', versions.at(-1) ?? '', nonce)
      const text = Buffer.concat([nonce, cipher.update(Buffer.from(body.plaintext ?? '', 'base64')), cipher.final(), cipher.getAuthTag()])
      return answer(200, { data: { ciphertext: `vault:v${versions.length}:${text.toString('base64')}`, key_version: versions.length } })
    }
    const [, version, text] = /^vault:v(\d+):(.+)$/.exec(body.ciphertext ?? '') ?? []
    const bytes = Buffer.from(text ?? '', 'base64')
    try {
      const decipher = createDecipheriv('aes-256-gcm', versions[Number(version) - 1] ?? '', bytes.subarray(0, 12), { authTagLength: 16 })
      decipher.setAuthTag(bytes.subarray(-16))
      const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
      answer(200, { data: { plaintext: plain.toString('base64') } })
    } catch {
      answer(400, { errors: ['invalid ciphertext: unable to decrypt'] })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const transit: TestTransit = {
    address: `http://127.0.0.1:${port}`,
    token: `hvs.${randomBytes(12).toString('hex')}`,
    asked: [],
    isSealed: false,
    isOther: false,
    echo: undefined,
    rotate: () => void versions.push(randomBytes(32)),
    async stop() {
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
    async start() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
  }
  return transit
}
