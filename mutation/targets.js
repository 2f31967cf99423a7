/** What decides whether a call is taken: the files that are changed, and the tests that have to notice. */
export const TARGETS = {
  claims: {
    files: ['verify/claim-call.ts'],
    tests: ['verify/*.test.ts', 'faults/{replay,several-signatures}.test.ts'],
  },
  replay: {
    files: ['replay/*.ts'],
    // Without those of many calls, which take seconds.
    tests: ['replay/{claim-counts,fingerprint,forward-clock,replay,replay-table}.test.ts'],
  },
  moments: {
    files: ['verify/time.ts', 'wire/timestamp.ts', 'wire/parse-timestamp.ts', 'bases/signed-dates.ts'],
    tests: [
      'verify/time.test.ts',
      'wire/timestamp.test.ts',
      'bases/signed-dates.test.ts',
      'faults/{time,replay,several-signatures}.test.ts',
      'sign/*.test.ts',
      'bases/base-*.test.ts',
    ],
  },
  verify: {
    files: ['verify/{verify,confirm-call,permission,prove-for-origin,only,waiting,unjudged}.ts'],
    tests: ['verify/*.test.ts', 'faults/{absent,replay,several-signatures,time,unsigned-parts}.test.ts'],
  },
  prove: {
    files: ['keys/prove.ts', 'keys/check-hmac.ts', 'keys/derive.ts', 'keys/decoys.ts', 'keys/signature-lengths.ts'],
    tests: [
      'keys/{prove,key,check-hmac,derive,decoys}.test.ts',
      'verify/{verify,defer-body}.test.ts',
      'faults/{replay,absent,several-signatures}.test.ts',
    ],
  },
  guards: {
    files: ['coverage/guards.ts', 'coverage/spelling.ts', 'coverage/other-moment.ts', 'coverage/begins-in-target.ts'],
    tests: ['coverage/*.test.ts', 'faults/{spellings,several-requests,unsigned-parts}*.test.ts'],
  },
  'http-signatures': {
    files: ['bases/http-signatures/*.ts'],
    // Without those of all bases and of faults, which take ten times as long.
    tests: ['bases/http-signatures/*.test.ts', 'bases/{check-scheme-options,covered-limits,signed-dates}.test.ts'],
  },
}
