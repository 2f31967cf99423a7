import { describeKeyChanges } from './key-changes-cases.ts'
import { SQLITE } from './stores.ts'

describeKeyChanges(SQLITE)
