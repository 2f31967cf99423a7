export { withFileLock } from './file-lock.ts'
export { type WrittenFile, writeBeside, writeNewFile } from './new-file.ts'
