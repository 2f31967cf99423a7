export { type Component, type HttpMessage, type Lines, readComponent } from './components.ts'
export { contentDigest, type DigestName, digestHolds, wantDigest } from './digest.ts'
export type { SigningKey, VerifyingKey } from './message-keys.ts'
export {
  type AcceptParameters,
  acceptSignature,
  type LabelledSignature,
  readAcceptSignature,
  readSignatures,
  type SignMessageOptions,
  signMessage,
  verifySignature,
} from './message-signatures.ts'
export type { HttpMessageSignaturesOptions } from './options.ts'
export { httpMessageSignatures } from './scheme.ts'
export type { SignatureParameters } from './signature-base.ts'
