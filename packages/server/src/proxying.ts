/** What every proxy of signed calls has to mind, without the servers. */

export { namedByConnection, takesHeadersOff } from './gateway/headers/connection-header.ts'
export { HOP_BY_HOP } from './gateway/headers/header-names.ts'
export { boundPipelining } from './http/pipelining.ts'
