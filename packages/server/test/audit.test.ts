import { describeAudit } from './audit-cases.ts'
import { SQLITE } from './stores.ts'

describeAudit(SQLITE)
