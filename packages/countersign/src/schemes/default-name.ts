/** The scheme that the command, the key store, the gateway and the page use when none is named. */
export const DEFAULT_SCHEME_NAME = 'qredo-v1'
