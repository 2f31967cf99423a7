/** What every proxy of signed calls has to mind, without the servers. */

export { namedByConnection, takesHeadersOff } from './gateway/headers/connection-header.ts'
export { HOP_BY_HOP } from './gateway/headers/header-names.ts'
export { CHECK_CONNECTIONS_MS, HEADERS_TIMEOUT_MS } from './http/listen.ts'
export { boundPipelining } from './http/pipelining.ts'
