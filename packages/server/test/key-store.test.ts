import { describeKeyStore } from './key-store-cases.ts'
import { SQLITE } from './stores.ts'

describeKeyStore(SQLITE)
