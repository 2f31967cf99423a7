import { sigV4 } from '../bases/sigv4/scheme.ts'

/** AWS Signature Version 4 in the `Authorization` header; see `sigV4` for a service and region of one's own. */
export const awsSigV4 = /* @__PURE__ */ sigV4()

/** AWS Signature Version 4 in the query: presigned URLs. */
export const awsSigV4Query = /* @__PURE__ */ sigV4({ in: 'query' })
