/** What a key may do, as named on the wire. None is on unless it was granted. */
export const PERMISSIONS = ['balance', 'web3', 'read_only'] as const

export type Permission = (typeof PERMISSIONS)[number]
