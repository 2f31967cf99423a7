import type { ReplayAnswer } from 'countersign'

/** Where `INFO` is forbidden, or has no id. */
export const UNKNOWN_HISTORY = '0'

/**
 * A bucket's note is when its memory begins, and the id of the history that it is of: a primary gets a new one when it
 * starts, and a replica when it is promoted, which may lack the last calls of its primary. A process tells the history
 * that it knew last, and until when: if that is another one, and calls were taken there after this memory began, it
 * begins anew, as where a primary that was replaced is asked again. Where Redis doesn't tell its history (`0`), any
 * note holds. Some replicas can be written, and tell their primary's id.
 */
const NOTE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local info = redis.pcall('INFO', 'replication')
local history = '${UNKNOWN_HISTORY}'
if type(info) == 'string' then
  if string.find(info, 'role:slave', 1, true) then return redis.error_reply('READONLY a replica takes no calls') end
  history = string.match(info, 'master_replid:(%x+)') or history
end
local function begun(note, known, at, skew)
  local since, of = string.match(redis.call('GET', note) or '', '^(%d+) (%x+)$')
  since = tonumber(since or '')
  local took = known ~= history and known ~= '${UNKNOWN_HISTORY}' and since and since <= at + skew
  if since and (history == '${UNKNOWN_HISTORY}' or of == history and not took) then return since, 0 end
  redis.call('SET', note, string.format('%.0f %s', now, history))
  return now, 1
end
`

/**
 * One step on the server. Answers 3 if the call has ended by Redis's clock; 0 if it was seen; 2 if it was signed before
 * this bucket's memory begins, because then nobody knows whether it was seen; otherwise remembers it and answers 1. A
 * call is remembered until its end by Redis's clock at least: from then on every claim of it is answered with 3, also
 * one of a process whose clock is behind. Returns the history as well, if it is not the one that was known. KEYS: the
 * call, the bucket's note. ARGV: milliseconds to remember at least, the call's end (0: none), when it was signed (0:
 * unknown), skew, the history that was known, until when.
 */
export const CLAIM = `${NOTE}
local ttl, ends, issued, skew = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if ends > 0 then
  if ends < now then return 3 end
  ttl = math.max(ttl, ends - now + 1)
end
local since = begun(KEYS[2], ARGV[5], tonumber(ARGV[6]), skew)
local answer = 0
if issued > 0 and issued <= since + skew then
  if redis.call('EXISTS', KEYS[1]) == 0 then answer = 2 end
elseif redis.call('SET', KEYS[1], '', 'NX', 'PX', ttl) then
  answer = 1
end
if ARGV[5] == history then return answer end
return {answer, history}
`

/**
 * Renews notes that are missing or of another history; returns how many, and the history. KEYS: the notes; on a
 * cluster, of one node. ARGV: skew, and for each note the history that was known, until when.
 */
export const BEGIN = `${NOTE}
local renewed = 0
for at, note in ipairs(KEYS) do
  local _, count = begun(note, ARGV[at * 2], tonumber(ARGV[at * 2 + 1]), tonumber(ARGV[1]))
  renewed = renewed + count
end
return {renewed, history}
`

/** What `CLAIM` answers with. */
export const ANSWERS: readonly ReplayAnswer[] = ['seen', 'fresh', 'unsure', 'ended']

/** The scripts, as ioredis has them once they are defined. */
export interface Claiming {
  countersignBegin(...args: (string | number)[]): Promise<[renewed: number, history: string]>
  countersignClaim(
    call: string,
    note: string,
    ttlMs: number,
    endsMs: number,
    issuedMs: number,
    skewMs: number,
    knownHistory: string,
    knownAtMs: number,
  ): Promise<number | [answer: number, history: string]>
}
