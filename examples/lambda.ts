/** The check in a function behind AWS API Gateway or a function URL (payload format 2.0). */
import { createVerifier, FAILURES, memoryKeys, problemHeaders, toProblem } from 'countersign'
import { qredoV1 } from 'countersign/schemes'

const { API_KEY = '', API_SECRET = '' } = process.env

const verifier = createVerifier(qredoV1, {
  origin: 'https://api.example.com',
  keys: memoryKeys(qredoV1, [{ id: API_KEY, secret: API_SECRET }]),
})

interface Event {
  readonly rawPath: string
  readonly rawQueryString: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: string
  readonly isBase64Encoded: boolean
  readonly requestContext: { readonly http: { readonly method: string; readonly sourceIp: string } }
}

export async function handler({ rawPath, rawQueryString, headers, body, isBase64Encoded, requestContext: { http } }: Event) {
  const result = await verifier.verify({
    method: http.method,
    target: rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`,
    headers,
    body: body === undefined ? undefined : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'),
    address: http.sourceIp,
  })
  if (!result.ok) {
    const { failure } = result
    return {
      statusCode: FAILURES[failure.code].status,
      headers: problemHeaders(failure, qredoV1.name),
      body: JSON.stringify(toProblem(failure)),
    }
  }
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ hello: result.key.id, bytes: result.body?.length ?? 0 }),
  }
}
