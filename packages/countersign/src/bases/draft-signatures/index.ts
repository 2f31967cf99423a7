export type { DraftSignaturesOptions } from './options.ts'
export { draftSignatures } from './scheme.ts'
