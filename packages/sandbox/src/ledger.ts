/** The kinds of entries in a ledger. Their numbers, 1 to 8, are the API's; which is which is the sandbox's own. */
export const LEDGER_TYPES = {
  deposit: 1,
  withdrawal: 2,
  transferIn: 3,
  transferOut: 4,
  swapIn: 5,
  swapOut: 6,
  web3In: 7,
  web3Out: 8,
} as const

export const IN_TYPES: readonly number[] = [LEDGER_TYPES.deposit, LEDGER_TYPES.transferIn, LEDGER_TYPES.swapIn]
export const OUT_TYPES: readonly number[] = [LEDGER_TYPES.withdrawal, LEDGER_TYPES.transferOut, LEDGER_TYPES.swapOut]
