import { POSTGRESQL, SQLITE } from '../../server/test/stores.ts'
import { describeCrashes } from './crash-cases.ts'

describeCrashes(SQLITE)
describeCrashes(POSTGRESQL)
