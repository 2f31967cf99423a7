import { describeAudit } from './audit-cases.ts'
import { POSTGRESQL } from './stores.ts'

describeAudit(POSTGRESQL)
