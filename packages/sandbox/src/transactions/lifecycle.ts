/** The states a transaction goes through by itself, in order. */
export const PATH = [
  'created',
  'pending',
  'authorized',
  'approved',
  'queued',
  'signed',
  'scheduled',
  'pushed',
  'mined',
  'confirmed',
] as const

/** The states it can end in otherwise. */
export const DEAD_ENDS = ['expired', 'cancelled', 'rejected', 'failed'] as const

export type Status = (typeof PATH)[number] | (typeof DEAD_ENDS)[number]

const MESSAGES: { readonly [S in (typeof PATH)[number]]: string } = {
  created: 'The transaction was submitted.',
  pending: 'The transaction waits for its policy.',
  authorized: 'The policy allows the transaction.',
  approved: 'The approvers have signed off.',
  queued: 'The transaction waits to be signed.',
  signed: 'The transaction was signed.',
  scheduled: 'The transaction waits to be sent to the network.',
  pushed: 'The transaction was sent to the network.',
  mined: 'The transaction is in a block.',
  confirmed: 'The transaction is final.',
}

/** What comes after a state, with its message; `undefined` at rest. */
export function stepAfter(
  status: string,
): { readonly status: (typeof PATH)[number]; readonly message: string; readonly last: boolean } | undefined {
  const index = (PATH as readonly string[]).indexOf(status)
  const next = index < 0 ? undefined : PATH[index + 1]
  return next === undefined ? undefined : { status: next, message: MESSAGES[next], last: next === PATH.at(-1) }
}

export const FIRST = { status: PATH[0], message: MESSAGES.created }
