import { requireSignature } from 'countersign/web'

const { verifier, onError } = globalThis.countersignWorld

const check = requireSignature(
  verifier,
  (_request, verified, event, resolve) => {
    event.locals.verified = verified
    return resolve(event)
  },
  { onError },
)

export const handle = ({ event, resolve }) => check(event.request, event, resolve)
