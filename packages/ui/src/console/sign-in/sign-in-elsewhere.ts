import { addressOf, placeOf } from '../navigation/address.ts'

/** What went wrong with a sign-in elsewhere, by the code with which the server sends the browser back. */
const PROBLEMS: { readonly [code: string]: string } = {
  'oidc-unknown-person':
    "You are signed in there, but you aren't an administrator here. An operator can add you to the people in the server's settings.",
  'oidc-denied': 'You were not let in there, or went back. Try again, or ask who runs it.',
  'oidc-expired': 'That took too long, or began in another browser. Sign in again.',
  'oidc-wrong': 'What came back does not hold, or is over. Sign in again.',
  'oidc-unavailable': 'Where you sign in does not answer as it should. Try again, or sign in with a token.',
  'login-throttled': 'Too many tries. Wait a moment, then sign in again.',
}

/** Where the address is kept while somebody signs in elsewhere, in this tab alone. */
const KEPT = 'countersign-address'

/** Call it before the browser leaves for the provider. */
export function keepAddress(): void {
  window.sessionStorage.setItem(KEPT, addressOf(placeOf(window.location.hash)))
}

/**
 * What the server says of a sign-in elsewhere that has just ended. It stands in the page's address; the address that
 * was kept takes its place.
 *
 * @returns what went wrong
 */
export function takeSignInAnswer(): string | undefined {
  const [, name, code = ''] = /^#(problem|signed-in)=([\w-]*)$/.exec(window.location.hash) ?? []
  if (name === undefined) return undefined
  const address = window.sessionStorage.getItem(KEPT) ?? ''
  window.sessionStorage.removeItem(KEPT)
  window.history.replaceState(null, '', addressOf(placeOf(address)))
  return name === 'problem' ? (PROBLEMS[code] ?? 'The sign-in did not work. Try again, or sign in with a token.') : undefined
}
