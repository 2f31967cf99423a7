import { POSTGRESQL } from '../../server/test/stores.ts'
import { describeCrashes } from './crash-cases.ts'

describeCrashes(POSTGRESQL)
