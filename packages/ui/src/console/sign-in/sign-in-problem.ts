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

/** Reads it from the page's address, and takes it out of there. */
export function takeSignInProblem(): string | undefined {
  const [, name, code = ''] = /^#(problem|signed-in)=([\w-]*)$/.exec(window.location.hash) ?? []
  if (name === undefined) return undefined
  window.history.replaceState(null, '', window.location.pathname)
  return name === 'problem' ? (PROBLEMS[code] ?? 'The sign-in did not work. Try again, or sign in with a token.') : undefined
}
