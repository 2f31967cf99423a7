import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { createSigner, type SchemeTypes } from 'countersign'
import { qredoPartner, qredoV1, qredoV2 } from 'countersign/schemes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PARTNER_BASE, type Sandbox, startSandbox, V1_BASE, V2_BASE } from '../src/index.ts'
import { ACTOR, advance, answerOf, cleanUp, demoKey, newFolder, STEP_MS, time, transactionOf, walletOf } from './sandbox.ts'

cleanUp()

interface Document {
  readonly openapi: string
  readonly paths: {
    readonly [path: string]: {
      readonly [method: string]: { readonly responses: { readonly [status: string]: { readonly content?: Content } } }
    }
  }
  readonly components: { readonly schemas: { readonly [name: string]: object } }
}
type Content = { readonly 'application/json': { readonly schema: object } }

let sandbox: Sandbox
let document: Document
let validatorOf: (schema: object) => ValidateFunction
/** Who calls. `none` has no permission at all. */
let keys: { readonly [name: string]: { readonly id: string; readonly secret: string } }
/** What stands for the parameters of a path. */
let known: { readonly [parameter: string]: string }
/** The rows of the table in docs/sandbox.md. */
const shown: string[] = []

beforeAll(async () => {
  sandbox = await startSandbox({ directory: newFolder(), stepMs: STEP_MS, clock: () => time.now })
  const none = await sandbox.service.keys.create(ACTOR, sandbox.workspaceId, { name: 'none' })
  keys = {
    demo: demoKey(sandbox),
    person: demoKey(sandbox, 'demo-person'),
    none: { id: none.key.id, secret: none.secret ?? '' },
    partner: demoKey(sandbox, 'demo-partner'),
    partnerWithout: await partnerWithout(),
  }
  const wallet = await walletOf(sandbox)
  const made = await call('v1', 'POST', '/transaction', { key: 'demo', body: transactionOf(sandbox) })
  await advance(sandbox, 2)
  const company = await sandbox.store.selectFrom('company').select('id').executeTakeFirstOrThrow()
  known = {
    fund_id: wallet.fund_id,
    wallet_id: wallet.id,
    tx_id: String(made.body['txID']),
    workspace_id: sandbox.workspaceId,
    company_id: company.id,
  }
  document = (await (await fetch(`${sandbox.origin}/openapi.json`)).json()) as Document
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'doc', components: document.components })
  validatorOf = schema => ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"doc#/components')) as object)
})
afterAll(async () => {
  await sandbox.close()
})

/** A key of the Partner API that may do nothing. */
async function partnerWithout(): Promise<{ readonly id: string; readonly secret: string }> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  })
  await sandbox.service.keys.import(ACTOR, sandbox.workspaceId, { id: 'without', name: 'without', scheme: qredoPartner.name, publicKey })
  return { id: 'without', secret: privateKey }
}

type Door = 'v1' | 'v2-token' | 'v2' | 'partner'
const BASES: { readonly [D in Door]: string } = { v1: V1_BASE, 'v2-token': V2_BASE, v2: V2_BASE, partner: PARTNER_BASE }

interface Given {
  readonly key?: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

async function call(door: Door, method: string, path: string, { key, body, headers = {} }: Given) {
  const url = `${sandbox.origin}${BASES[door]}${path}`
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const caller = key === undefined ? undefined : keys[key]
  let own: { readonly [name: string]: string } = {}
  if (caller !== undefined) {
    const { id: keyId, secret } = caller
    if (door === 'v2') own = { 'x-token': await tokenOf(caller) }
    else {
      const signer =
        door === 'partner'
          ? createSigner(qredoPartner, { keyId, privateKey: secret }, { clock: () => time.now })
          : createSigner<SchemeTypes>(door === 'v1' ? qredoV1 : qredoV2, { keyId, secret }, { clock: () => time.now })
      own = signer.sign({ method, url, body: text }).headers
    }
  }
  time.now += 1000
  return answerOf(await fetch(url, { method, headers: { ...own, ...headers }, ...(text === undefined ? {} : { body: text }) }))
}

async function tokenOf({ id: keyId, secret }: { readonly id: string; readonly secret: string }): Promise<string> {
  const organisationId = keyId === keys['person']?.id ? await personId() : sandbox.workspaceId
  const url = `${sandbox.origin}${V2_BASE}/workspaces/${organisationId}/token`
  const { headers } = createSigner(qredoV2, { keyId, secret }, { clock: () => time.now }).sign({ method: 'GET', url })
  return String(((await (await fetch(url, { headers })).json()) as { token: string }).token)
}

async function personId(): Promise<string> {
  return (await sandbox.store.selectFrom('organisation').select('id').where('kind', '=', 'person').executeTakeFirstOrThrow()).id
}

/** What is sent of an endpoint for each status; a status that can't come about at it is left out. */
interface Row {
  readonly doors: readonly Door[]
  readonly method: string
  readonly path: string
  /** Who may. */
  readonly key: string
  readonly ok?: number
  readonly body?: () => unknown
  /** What makes it a 400. */
  readonly bad: { readonly query?: string; readonly body?: unknown; readonly headers?: Record<string, string> }
  /** A parameter that nothing stands behind makes it a 404. */
  readonly has404: boolean
  /** Without a parameter, a body that makes it a 404. */
  readonly missing?: () => unknown
  /** Default: a key without permissions. */
  readonly forbiddenFor?: string
}

/** Every signed call is refused for a URL that can't have been signed. */
const SIGNED = { query: '?x=|' }

const ROWS: readonly Row[] = [
  { doors: ['v1', 'v2'], method: 'GET', path: '/account', key: 'demo', bad: SIGNED, has404: false },
  { doors: ['v1', 'v2'], method: 'GET', path: '/balance', key: 'demo', bad: SIGNED, has404: false },
  { doors: ['v1', 'v2'], method: 'GET', path: '/funds', key: 'demo', bad: { query: '?archived=maybe' }, has404: false },
  { doors: ['v1', 'v2'], method: 'GET', path: '/funds/{fund_id}', key: 'demo', bad: SIGNED, has404: true },
  { doors: ['v1', 'v2'], method: 'GET', path: '/funds/{fund_id}/ledger', key: 'demo', bad: { query: '?limit=0' }, has404: true },
  { doors: ['v1', 'v2'], method: 'GET', path: '/trustedparties', key: 'person', bad: SIGNED, has404: false, forbiddenFor: 'demo' },
  { doors: ['v1', 'v2'], method: 'GET', path: '/wallet/{wallet_id}/history', key: 'demo', bad: SIGNED, has404: true },
  {
    doors: ['v1', 'v2'],
    method: 'POST',
    path: '/transaction',
    key: 'demo',
    body: () => transactionOf(sandbox),
    bad: { body: { from: '0x1' } },
    has404: true,
    missing: () => transactionOf(sandbox, { from: `0x${'2'.repeat(40)}` }),
  },
  { doors: ['v1', 'v2'], method: 'GET', path: '/transactions/{tx_id}/status', key: 'demo', bad: SIGNED, has404: true },
  { doors: ['v1', 'v2'], method: 'GET', path: '/transactions/{tx_id}/approvals', key: 'demo', bad: SIGNED, has404: true },
  { doors: ['v1', 'v2'], method: 'GET', path: '/transactions/feed', key: 'demo', ok: 426, bad: { query: '?since=x' }, has404: false },
  { doors: ['v2-token'], method: 'GET', path: '/workspaces/{workspace_id}/token', key: 'none', bad: SIGNED, has404: false },
  { doors: ['v2'], method: 'GET', path: '/workspaces/{workspace_id}/token/refresh', key: 'none', bad: SIGNED, has404: false },
  { doors: ['partner'], method: 'GET', path: '/company/search', key: 'partner', bad: { query: '?query=a' }, has404: false },
  {
    doors: ['partner'],
    method: 'POST',
    path: '/company',
    key: 'partner',
    body: () => ({ name: 'ACME Corp17', city: 'Paris', country: 'FR', domain: 'acme.example', ref: '17' }),
    bad: { body: { name: 'x', country: 'France' } },
    has404: false,
  },
  {
    doors: ['partner'],
    method: 'PUT',
    path: '/company/{company_id}',
    key: 'partner',
    body: () => ({ city: 'Lyon' }),
    bad: { body: '{' },
    has404: true,
  },
]

const cases = ROWS.flatMap(row => row.doors.map(door => ({ ...row, door, name: `${row.method} ${BASES[door]}${row.path}` })))

/** The answer is what the document says of this call and status. */
function expectDescribed(name: string, status: number, body: unknown): void {
  const [method = '', path = ''] = name.split(' ')
  const operation = document.paths[path]?.[method.toLowerCase()]
  const response = operation?.responses[status] ?? operation?.responses['default']
  const schema = response?.content?.['application/json'].schema
  if (schema === undefined) throw new Error(`${name} ${status} is not described`)
  const validate = validatorOf(schema)
  validate(body)
  expect([name, status, validate.errors ?? []]).toEqual([name, status, []])
}

function filled(path: string, isKnown = true): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => (isKnown ? (known[parameter] ?? '') : 'nobody'))
}

describe.each(cases)('$name', ({ door, name, method, path, key, ok = 200, body, bad, has404, missing, forbiddenFor }) => {
  const given = (): { readonly body?: unknown } => (body === undefined ? {} : { body: body() })

  it('answers with every status as it is described', async () => {
    const proven: number[] = []
    const prove = async (expected: number, answer: Awaited<ReturnType<typeof call>>): Promise<void> => {
      expect([name, answer.status, answer.text.slice(0, 300)]).toEqual([name, expected, expect.any(String)])
      expectDescribed(name, answer.status, answer.body)
      proven.push(answer.status)
    }
    await prove(ok, await call(door, method, filled(path), { key, ...given() }))
    if (bad !== SIGNED) {
      const sent = { ...given(), ...('body' in bad ? { body: bad.body } : {}) }
      await prove(400, await call(door, method, filled(path) + (bad.query ?? ''), { key, ...sent }))
    } else if (door === 'v1' || door === 'v2-token') await prove(400, await call(door, method, filled(path) + SIGNED.query, {}))
    await prove(401, await call(door, method, filled(path), given()))
    await prove(401, await call(door, method, filled(path), { ...given(), headers: wrongFor(door) }))
    // A token is for every key, of its own workspace.
    if (path.startsWith('/workspaces')) await prove(403, await call(door, method, filled(path, false), { key }))
    else
      await prove(
        403,
        await call(door, method, filled(path), { key: forbiddenFor ?? (door === 'partner' ? 'partnerWithout' : 'none'), ...given() }),
      )
    if (has404) await prove(404, await call(door, method, filled(path, false), { key, body: (missing ?? body)?.() }))
    shown.push(`| \`${name}\` | ${[...new Set(proven)].sort().join(', ')} |`)
  })
})

function wrongFor(door: Door): Record<string, string> {
  const signature = 'A'.repeat(door === 'partner' ? 342 : 43)
  const now = String(Math.floor(time.now / 1000))
  if (door === 'v1') return { 'qredo-api-key': keys['demo']?.id ?? '', 'qredo-api-ts': now, 'qredo-api-sig': signature }
  if (door === 'v2-token') return { 'qredo-api-key': keys['demo']?.id ?? '', 'qredo-api-timestamp': now, 'qredo-api-signature': signature }
  if (door === 'partner') return { 'x-api-key': keys['partner']?.id ?? '', 'x-timestamp': now, 'x-sign': signature }
  return { 'x-token': 'a.b.c' }
}

describe('the description', () => {
  it('has every endpoint, and the test above has it, too', () => {
    expect(document.openapi).toBe('3.1.0')
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    )
    expect(described.sort()).toEqual(cases.map(({ name }) => name).sort())
  })

  it('is there for people', async () => {
    const page = await (await fetch(`${sandbox.origin}/docs`)).text()
    expect(page).toContain('GET /qapi/v1/funds/{fund_id}/ledger')
    expect(page).toContain('The key needs the permission web3 or read_only.')
  })

  it('is the table in docs/sandbox.md', () => {
    const written = readFileSync(new URL('../../../docs/sandbox.md', import.meta.url), 'utf8')
    expect(written.split('\n').filter(line => /^\| `(GET|POST|PUT) /.test(line))).toEqual(shown)
  })
})
