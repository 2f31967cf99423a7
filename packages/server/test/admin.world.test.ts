import { describeAdminServer } from './admin-cases.ts'
import { POSTGRESQL } from './stores.ts'

describeAdminServer(POSTGRESQL)
