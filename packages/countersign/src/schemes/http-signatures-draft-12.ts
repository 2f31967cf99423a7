import { draftSignatures } from '../bases/draft-signatures/scheme.ts'

/**
 * HTTP Signatures as in draft 12 in the `Authorization` header; see `draftSignatures` for other carriers and coverage.
 */
export const httpSignaturesDraft12 = /* @__PURE__ */ draftSignatures()
