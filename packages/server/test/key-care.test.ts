import { describeKeyCare } from './key-care-cases.ts'
import { SQLITE } from './stores.ts'

describeKeyCare(SQLITE)
