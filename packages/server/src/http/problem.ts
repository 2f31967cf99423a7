/** Problem details (RFC 9457) of what is not a verifier's failure: those have the library's `toProblem`. */
export function problemOf(
  code: string,
  { status, title, detail }: { readonly status: number; readonly title: string; readonly detail: string },
) {
  return { type: `urn:countersign:${code}`, title, status, detail, code }
}

/** The headers that go with them. */
export function headersOfProblem(status: number): { readonly [name: string]: string } {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': '1' } : {}),
  }
}
