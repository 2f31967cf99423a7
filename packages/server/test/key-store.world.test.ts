import { describeKeyStore } from './key-store-cases.ts'
import { POSTGRESQL } from './stores.ts'

describeKeyStore(POSTGRESQL)
