/**
 * A program that uses the library as it is published. It is only compiled, by `npm run published`, with all types of
 * the library checked.
 */
import { createSigner, createVerifier, defineScheme, memoryKeys, type Scheme, signedFetch } from 'countersign'
import type {} from 'countersign/axios'
import type {} from 'countersign/code'
import type {} from 'countersign/draft-signatures'
import type {} from 'countersign/explain'
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
const signed = signer.sign({ method: 'GET', url: 'https://api.example.com/a' })
void fetch(signed.url, { headers: signed.headers, body: signed.body ?? null })
void signedFetch(signer)('https://api.example.com/a')
createSigner(sigV4(), { keyId: 'k', secret }, { parameters: { region: 'eu-west-1', service: 's3' } })
createVerifier(httpMessageSignatures(), { origin: 'https://api.example.com', keys: memoryKeys(qredoV1, []) })
qredo(secret).signGET(1, 'GET', '')
verifiedCall({}).key.permissions.has('balance')

// @ts-expect-error a signature is called qredo-api-sig
signed.headers['qredo-api-sg']
// @ts-expect-error a key id is wanted
createSigner(qredoV1, { secret })
// @ts-expect-error a part that no call has
defineScheme({ name: 'a', title: 'A', algorithm: 'hmac-sha256', message: '{bdy}', signature: { encoding: 'hex' } })

// What a scheme is compiled to is not for others.
const scheme: Scheme = qredoV1
// @ts-expect-error no recipes
scheme.message
// @ts-expect-error no plans
scheme.base
// @ts-expect-error no carriers
qredoV1.carriers
// @ts-expect-error no features
qredoV1.features

refusing('permission-denied', { required: ['orders'] })
// @ts-expect-error a member of another failure
refusing('replayed', { required: ['orders'] })
