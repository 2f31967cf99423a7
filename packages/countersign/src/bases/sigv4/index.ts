export type { SigV4Options } from './options.ts'
export { sigV4 } from './scheme.ts'
