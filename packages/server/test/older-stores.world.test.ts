import { describeOlderStores } from './older-stores-cases.ts'
import { POSTGRESQL } from './stores.ts'

describeOlderStores(POSTGRESQL)
