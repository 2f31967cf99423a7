/** What the gateway itself has to say; a refused signature is said by the verifier's own failures. */
export const GATEWAY_PROBLEMS = {
  'not-found': { status: 404, title: 'Not found', detail: 'No route of this gateway is for this path.' },
  'unclear-path': {
    status: 400,
    title: 'Unclear path',
    detail:
      'Servers read this path in different ways: write it in the letter case of the route, without needless escapes, ";", empty and dot segments, and dots or spaces at the end of one.',
  },
  'connection-header': {
    status: 400,
    title: 'Connection header',
    detail:
      'Connection names a header that the API behind the gateway may need, and would take it off: name only headers of the connection.',
  },
  'transfer-encoding': {
    status: 400,
    title: 'Transfer-Encoding',
    detail: 'A body is sent with its content-length, or with the Transfer-Encoding chunked alone.',
  },
  'signed-override': {
    status: 400,
    title: 'Signed override',
    detail: 'A signed header could make another call of this one behind the gateway: sign and send the call that is meant, without it.',
  },
  'wrong-method': { status: 405, title: 'Method not allowed', detail: 'The routes of this gateway for this path are for other methods.' },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    detail: 'This key has made as many calls as it may for now; send again after the seconds in Retry-After, signed anew.',
  },
  'upstream-unreachable': {
    status: 502,
    title: 'Bad gateway',
    detail: "The API behind the gateway can't be reached; the call was not carried out.",
  },
  'upstream-failed': {
    status: 502,
    title: 'Bad gateway',
    detail:
      'The API behind the gateway broke off or answered with something that is not HTTP; whether the call was carried out is not known.',
  },
  'upstream-timeout': {
    status: 504,
    title: 'Gateway timeout',
    detail: 'The API behind the gateway did not answer in time; whether the call was carried out is not known.',
  },
  overloaded: { status: 503, title: 'Overloaded', detail: 'The gateway holds as many request bodies as it may; try again.' },
  'spool-full': { status: 507, title: 'Insufficient storage', detail: 'The gateway has no room for a body of this size at the moment.' },
  draining: { status: 503, title: 'Shutting down', detail: 'The gateway is shutting down and opens no WebSocket; try again.' },
  'internal-error': { status: 500, title: 'Internal error', detail: 'Something went wrong in the gateway; the call was not carried out.' },
} as const

export type GatewayProblem = keyof typeof GATEWAY_PROBLEMS
