export { type SigV4Options, sigV4 } from './scheme.ts'
