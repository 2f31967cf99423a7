import { describeKeyCare } from './key-care-cases.ts'
import { POSTGRESQL } from './stores.ts'

describeKeyCare(POSTGRESQL)
