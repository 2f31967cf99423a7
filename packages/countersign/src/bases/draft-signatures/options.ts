export interface DraftSignaturesOptions {
  /** What users type. Default: `http-signatures-draft-12`. */
  readonly name?: string | undefined
  /**
   * Where the signature travels, and how it begins: `Authorization: Signature keyId=…`, `Signature: keyId=…`
   * (ActivityPub), or `Authorization: hmac username=…` (Kong's hmac-auth). A verifier takes that one. Default:
   * `authorization`.
   */
  readonly carrier?: 'authorization' | 'signature' | 'kong' | undefined
  /**
   * What is covered, in this order, and demanded: header names, `(request-target)`, `(created)`, `(expires)`;
   * `@request-target` and `request-line` as Kong and APISIX have them. `digest` goes with bodies only. A signer writes
   * `date`, `x-date` and `digest` itself. Default: `(request-target)`, `host`, `date`, `digest`.
   */
  readonly headers?: readonly string[] | undefined
}
