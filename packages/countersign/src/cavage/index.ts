export { type DraftSignaturesOptions, draftSignatures } from './scheme.ts'
