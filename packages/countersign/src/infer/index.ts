export { type Inference, type InferOptions, infer, type SignedExample } from './infer.ts'
