/** The same from CommonJS: each entry point has its types there, and a class is a type as well as a value. */
import { CountersignError, createSigner, createVerifier, memoryKeys, type Scheme, signedFetch } from 'countersign'
import type {} from 'countersign/axios'
import { codeSample } from 'countersign/code'
import type {} from 'countersign/draft-signatures'
import { explain } from 'countersign/explain'
import { verifiedCall } from 'countersign/express'
import type {} from 'countersign/fastify'
import type {} from 'countersign/got'
import type {} from 'countersign/hono'
import { httpMessageSignatures } from 'countersign/http-signatures'
import type {} from 'countersign/infer'
import type {} from 'countersign/koa'
import type {} from 'countersign/node'
import { qredo } from 'countersign/qredo'
import { qredoV1 } from 'countersign/schemes'
import { sigV4 } from 'countersign/sigv4'
import { refusing } from 'countersign/testing'
import type {} from 'countersign/undici'
import type {} from 'countersign/web'
import type {} from 'countersign/websocket'

const secret = 'c2VjcmV0IG9mIGF0IGxlYXN0IHNpeHRlZW4gYnl0ZXM='
const signer = createSigner(qredoV1, { keyId: 'k', secret })
void signedFetch(signer)('https://api.example.com/a')
createSigner(sigV4(), { keyId: 'k', secret }, { parameters: { region: 'eu-west-1', service: 's3' } })
createVerifier(httpMessageSignatures(), { origin: 'https://api.example.com', keys: memoryKeys(qredoV1, []) })
qredo(secret).signGET(1, 'GET', '')
verifiedCall({}).key.permissions.has('balance')
void explain
void codeSample

const scheme: Scheme = qredoV1
const isOurs = (error: unknown): error is CountersignError => error instanceof CountersignError
void [scheme, isOurs]

// @ts-expect-error a key id is wanted
createSigner(qredoV1, { secret })

refusing('permission-denied', { required: ['orders'] })
// @ts-expect-error a member of another failure
refusing('replayed', { required: ['orders'] })
