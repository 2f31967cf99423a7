import { describeCeilings } from './ceilings-cases.ts'
import { POSTGRESQL } from './stores.ts'

describeCeilings(POSTGRESQL)
