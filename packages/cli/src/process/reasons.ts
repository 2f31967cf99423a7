/** What the system says when there is no answer, in words that say what to do. */
const NO_ANSWER: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there: is the server running, and the port right?',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host could not be looked up: is there a network?',
  ECONNRESET: 'the server closed the connection without an answer',
  EPIPE: 'the server closed the connection without an answer',
  UND_ERR_SOCKET: 'the server closed the connection without an answer; one that speaks TLS wants https://',
  ETIMEDOUT: 'the server did not take the connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'the server did not take the connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'the server did not answer in time',
  EHOSTUNREACH: 'there is no way to this host',
  ENETUNREACH: 'there is no way to this network',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS on this port: write http:// if it is meant to be so',
  EPROTO: 'the server does not speak TLS as expected: write http:// if it is meant to be so',
  HPE_INVALID_CONSTANT: 'what answers does not speak HTTP: does it want https://?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed: name it in NODE_EXTRA_CA_CERTS if it is yours',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that is not known here: name that in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an authority that is not known here: name that in NODE_EXTRA_CA_CERTS',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

/** Why there was no answer, in words. `cause` is what the system or Node gives for it. */
export function noAnswerReason(cause: unknown): string {
  if (!(cause instanceof Error)) return 'the reason is not known'
  const code = codeOf(cause)
  const plain = code === undefined ? undefined : NO_ANSWER[code]
  if (plain !== undefined) return plain
  if (cause.message === 'bad port') return 'fetch does not call this port'
  return cause.message.split('\n', 1)[0] || (code ?? 'the reason is not known')
}

/** What the system refused, with a code of ours. */
const REFUSED: { readonly [code: string]: readonly [code: string, reason: string] } = {
  ENOSPC: ['disk-full', 'the disk is full'],
  EFBIG: ['disk-full', 'the file would be larger than is allowed'],
  EEXIST: ['already-there', 'it is there already'],
  EDQUOT: ['disk-full', 'the quota of the disk is used up'],
  SQLITE_FULL: ['disk-full', 'the disk is full'],
  EACCES: ['not-permitted', 'it is not permitted'],
  EPERM: ['not-permitted', 'it is not permitted'],
  EROFS: ['not-permitted', 'the disk can only be read'],
  SQLITE_READONLY: ['not-permitted', 'the store can only be read'],
  ENOTDIR: ['path-unusable', 'a part of the path is not a folder'],
  EISDIR: ['path-unusable', 'it is a folder'],
  ENOENT: ['path-unusable', 'it is not there'],
  EMFILE: ['too-many-files', 'too many files are open'],
}

/** Why a file or folder can't be used, for the end of a sentence that names it. */
export function whyNot(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return REFUSED[codeOf(error) ?? '']?.[1] ?? error.message
}

/** Why the system refused, such as a full disk; undefined for any other error. */
export function systemReason(error: Error): { readonly code: string; readonly text: string } | undefined {
  const known = REFUSED[codeOf(error) ?? '']
  if (known === undefined) return undefined
  const [code, reason] = known
  const path = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : ''
  return { code, text: `${path}${reason}` }
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
