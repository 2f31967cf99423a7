export { alone } from './alone.ts'
export { type WrittenFile, writeBeside, writeNewFile } from './new-file.ts'
