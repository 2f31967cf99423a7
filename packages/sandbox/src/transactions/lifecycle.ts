/** The states a transaction goes through, in order. */
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
const DEAD_ENDS = ['expired', 'cancelled', 'rejected', 'failed'] as const

export const STATUSES = [...PATH, ...DEAD_ENDS] as const
export type Status = (typeof STATUSES)[number]

const MESSAGES: { readonly [S in Status]: string } = {
  created: 'The transaction was submitted.',
  pending: 'The transaction waits for its approvers.',
  authorized: 'As many approvers as the policy asks for have approved.',
  approved: 'The policy allows the transaction.',
  queued: 'The transaction waits to be signed.',
  signed: 'The transaction was signed.',
  scheduled: 'The transaction waits to be sent to the network.',
  pushed: 'The transaction was sent to the network.',
  mined: 'The transaction is in a block.',
  confirmed: 'The transaction is final.',
  expired: 'The transaction was not approved in time.',
  cancelled: 'The transaction was cancelled.',
  rejected: "So many approvers have rejected the transaction that it can't be approved any more.",
  failed: 'The transaction could not be carried out.',
}

export interface Step {
  readonly status: Status
  readonly message: string
  /** Nothing comes after it. */
  readonly last: boolean
}

export function stepTo(status: Status, message = MESSAGES[status]): Step {
  return { status, message, last: status === PATH.at(-1) || (DEAD_ENDS as readonly string[]).includes(status) }
}

/** What comes after a state on the way to the end; `undefined` at rest. */
export function stepAfter(status: string): Step | undefined {
  const index = (PATH as readonly string[]).indexOf(status)
  const next = index < 0 ? undefined : PATH[index + 1]
  return next === undefined ? undefined : stepTo(next)
}

/** Whether a transaction can still be cancelled: nothing is signed. */
export function isCancellable(status: string): boolean {
  const index = (PATH as readonly string[]).indexOf(status)
  return index >= 0 && index < PATH.indexOf('signed')
}

export const FIRST = stepTo('created')

/** How long the approvers have. */
export const APPROVAL_STEPS = 3600
