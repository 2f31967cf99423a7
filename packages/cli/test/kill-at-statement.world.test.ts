import { POSTGRESQL, SQLITE } from '../../server/test/stores.ts'
import { describeKilledChanges } from './kill-at-statement-cases.ts'

describeKilledChanges(SQLITE)
describeKilledChanges(POSTGRESQL)
