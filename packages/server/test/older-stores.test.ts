import { describeOlderStores } from './older-stores-cases.ts'
import { SQLITE } from './stores.ts'

describeOlderStores(SQLITE)
