export type { SignedExample } from './example.ts'
export { type Inference, type InferOptions, infer } from './infer.ts'
