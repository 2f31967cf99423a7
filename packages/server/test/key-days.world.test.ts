import { describeKeyDays } from './key-days-cases.ts'
import { POSTGRESQL } from './stores.ts'

describeKeyDays(POSTGRESQL)
