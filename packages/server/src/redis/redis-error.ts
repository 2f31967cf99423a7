import { ServerError } from '../errors.ts'

interface Reason {
  readonly code: `redis-${string}`
  /** Somewhere in what Redis says (`-LOADING …`, also inside the error of a script), or ioredis. */
  readonly says: RegExp
  readonly advice: string
}

/** What keeps Redis from taking a command, and what to do about it. The first that fits is told. */
export const REDIS_REASONS = [
  {
    code: 'redis-refuses-user',
    says: /\b(?:WRONGPASS|NOAUTH|invalid password)\b/,
    advice: 'set user and password in its URL, redis://user:password@host.',
  },
  {
    code: 'redis-forbids',
    says: /\bNOPERM\b|can't run this command/,
    advice: 'allow its user +@read +@write +@scripting +@connection +info +wait on countersign*, with ACL SETUSER.',
  },
  {
    code: 'redis-read-only',
    says: /\bREADONLY\b|WAIT cannot be used with replica/,
    advice: 'this is a replica: name its primary, or the sentinels that know it (redis-sentinel://…).',
  },
  { code: 'redis-loading', says: /\bLOADING\b/, advice: 'it reads its data from disk, and takes calls when it is done.' },
  { code: 'redis-full', says: /\bOOM\b/, advice: 'raise its maxmemory.' },
  { code: 'redis-lacks-replicas', says: /\bNOREPLICAS\b/, advice: 'start the replicas that its min-replicas-to-write waits for.' },
  { code: 'redis-cannot-save', says: /\bMISCONF\b/, advice: "it can't write to its disk: make room there." },
  { code: 'redis-cluster-down', says: /\bCLUSTERDOWN\b/, advice: 'a part of the cluster has no primary: start its nodes.' },
  { code: 'redis-no-cluster', says: /cluster support disabled/, advice: 'this is not a cluster: give one URL, not a list.' },
  {
    code: 'redis-is-cluster',
    says: /\b(?:MOVED|ASK|CROSSSLOT)\b/,
    advice: 'this is a node of a cluster: list the nodes, redis: [redis://one, redis://two].',
  },
  {
    code: 'redis-not-redis',
    says: /Protocol error|Unknown RESP type/,
    advice: 'what answers there does not speak as Redis does: look at host and port, and take rediss:// for TLS.',
  },
  { code: 'redis-silent', says: /\btimed out\b|ETIMEDOUT|Socket timeout/, advice: 'it does not answer in time: look whether it hangs.' },
  {
    code: 'redis-away',
    says: /isn't (?:writeable|ready)|closed|max retries|E(?:CONN|HOST|NET)\w+|ENOTFOUND|EAI_AGAIN|ENOENT|unreachable|connection close|startup nodes|slots cache/,
    advice: 'start it, or look at host and port.',
  },
] as const satisfies readonly Reason[]

/** Words of ioredis that only say that there is no connection. */
const NOT_CONNECTED = /isn't (?:writeable|ready)|Connection is closed|max retries/

/**
 * An error of Redis or of ioredis, with a code and what to do. ioredis hangs the command on it, with its arguments:
 * those of AUTH are a password, so nothing but the text is kept.
 *
 * @param lastError - of the connection, which says why there is none
 */
export function redisError(error: unknown, lastError?: unknown): ServerError {
  if (error instanceof ServerError) return error
  const said = textOf(error)
  if (NOT_CONNECTED.test(said) && lastError !== undefined) return redisError(lastError)
  const reason = REDIS_REASONS.find(({ says }) => says.test(said))
  if (reason === undefined) return new ServerError('redis-failed', 503, `redis: ${said}`)
  return new ServerError(reason.code, 503, `redis: ${said.replace(/(?:\. Please report this)?[.:]?$/, '')}: ${reason.advice}`)
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Of a cluster, the error of the node that was asked last.
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return textOf(error.lastNodeError)
  const { message } = error
  const code = 'code' in error ? String(error.code) : error.name
  return (message === '' ? code : message).split('\n', 1)[0] ?? ''
}
