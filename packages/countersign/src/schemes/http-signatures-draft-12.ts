import { draftSignatures } from '../cavage/scheme.ts'

/**
 * HTTP Signatures as in draft 12 in the `Authorization` header; see `draftSignatures` for other carriers and coverage.
 */
export const httpSignaturesDraft12 = /* @__PURE__ */ draftSignatures()
