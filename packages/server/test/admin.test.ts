import { describeAdminServer } from './admin-cases.ts'
import { SQLITE } from './stores.ts'

describeAdminServer(SQLITE)
