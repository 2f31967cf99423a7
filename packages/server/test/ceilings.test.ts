import { describeCeilings } from './ceilings-cases.ts'
import { SQLITE } from './stores.ts'

describeCeilings(SQLITE)
