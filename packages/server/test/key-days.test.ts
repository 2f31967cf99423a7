import { describeKeyDays } from './key-days-cases.ts'
import { SQLITE } from './stores.ts'

describeKeyDays(SQLITE)
