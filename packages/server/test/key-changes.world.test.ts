import { describeKeyChanges } from './key-changes-cases.ts'
import { POSTGRESQL } from './stores.ts'

describeKeyChanges(POSTGRESQL)
