import { type ReplayAnswer, WINDOW_HELD_MS } from 'countersign'

/** Where `INFO` is forbidden, or has no id. */
export const UNKNOWN_HISTORY = '0'

/** How far ahead of Redis's clock a gateway's may be, in skews: a minute by default. */
const GATEWAY_SKEWS = 30

/**
 * A note says when its bucket's memory begins, and in which history (`master_replid`): a primary gets a new one when it
 * starts, and a replica when it is promoted, which may lack the last calls. The memory begins anew then. It also does
 * if the process took calls in another history after this memory began: a primary that was replaced is asked again.
 * Without a history (`0`), any note holds for those who never knew one. Some replicas can be written, and tell their
 * primary's id.
 *
 * The rest of a note is what `createWindows` of the guard in memory keeps (docs/decisions/0032), in the order of
 * `fields`. Zeros where nothing is known.
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
local fields = {'longest', 'held', 'changed', 'shorter', 'ahead'}
local function write(key, note)
  local text = string.format('%.0f %s', note.since, note.history)
  for _, field in ipairs(fields) do text = text .. string.format(' %.0f', note[field]) end
  redis.call('SET', key, text)
end
local function read(key, known, at, skew)
  local since, of, rest = string.match(redis.call('GET', key) or '', '^(%d+) (%x+)(.*)$')
  since = tonumber(since or '')
  local note = {since = since or now, history = of or history}
  local number = string.gmatch(rest or '', '%d+')
  for _, field in ipairs(fields) do note[field] = tonumber(number() or 0) end
  local took = known ~= history and known ~= '${UNKNOWN_HISTORY}' and since and since <= at + skew
  if since and not took and (history == '${UNKNOWN_HISTORY}' or of == history) then return note, 0 end
  note.since, note.history = now, history
  write(key, note)
  return note, 1
end
`

/**
 * One step on the server. Answers 3 if the call has ended by Redis's clock; 0 if it was seen; 2 if it may have been
 * seen and forgotten: it was signed before this bucket's memory begins, or was kept for a shorter window; otherwise
 * remembers it and answers 1. A call is remembered until its end by Redis's clock at least: from then on every claim of
 * it is answered with 3, also one of a process whose clock is behind.
 *
 * Returns four times the time, plus this answer; with the history, if it is not the one that was known. KEYS: the call,
 * the bucket's note. ARGV: milliseconds to remember at least, the call's end (0: none), when it was signed (0:
 * unknown), skew, the history that was known, until when, the window of the verifier (0: none).
 */
export const CLAIM = `${NOTE}
local ttl, ends, issued, skew = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if ends > 0 then
  if ends < now then return now * 4 + 3 end
  ttl = math.max(ttl, ends - now + 1)
end
local note = read(KEYS[2], ARGV[5], tonumber(ARGV[6]), skew)
local window = tonumber(ARGV[7])
local forgotten = note.since + skew
-- What was taken before a change was let in by the clocks of gateways, which may be further off than those of clients.
local ahead = skew * ${GATEWAY_SKEWS}
if window > 0 then
  if window > note.longest or window < note.longest and now > note.held then
    if note.longest > 0 then
      local over = now > note.changed + ahead + note.ahead + math.max(window, note.longest)
      note.shorter = over and note.longest or math.min(note.shorter, note.longest)
      note.ahead = over and note.longest or math.max(note.ahead, note.longest)
      note.changed = now
    end
    note.longest, note.held = window, 0
  end
  if window == note.longest and note.held - now < ${WINDOW_HELD_MS / 2} then
    note.held = now + ${WINDOW_HELD_MS}
    write(KEYS[2], note)
  end
  if ends >= math.ceil(issued + window) then ttl = ttl + note.longest - window end
  if window > note.shorter then
    forgotten = math.max(forgotten, math.min(note.changed + ahead + note.ahead, now - note.shorter))
  end
end
local answer = 0
if issued > 0 and issued <= forgotten then
  if redis.call('EXISTS', KEYS[1]) == 0 then answer = 2 end
elseif redis.call('SET', KEYS[1], '', 'NX', 'PX', ttl) then
  answer = 1
end
if ARGV[5] == history then return now * 4 + answer end
return {now * 4 + answer, history}
`

/**
 * Renews notes that are missing or of another history; returns how many, the history, and the time. KEYS: the notes;
 * on a cluster, of one node. ARGV: skew, and for each note the history that was known, until when.
 */
export const BEGIN = `${NOTE}
local renewed = 0
for at, key in ipairs(KEYS) do
  local _, count = read(key, ARGV[at * 2], tonumber(ARGV[at * 2 + 1]), tonumber(ARGV[1]))
  renewed = renewed + count
end
return {renewed, history, now}
`

const ANSWERS: readonly ReplayAnswer[] = ['seen', 'fresh', 'unsure', 'ended']

/** What `CLAIM` says, with the time on Redis's clock. */
export function readClaim(said: number): { readonly answer: ReplayAnswer; readonly nowMs: number } {
  return { answer: ANSWERS[said % 4] ?? 'unsure', nowMs: Math.floor(said / 4) }
}

/** The scripts, as ioredis has them once they are defined. */
export interface Beginning {
  countersignBegin(...args: (string | number)[]): Promise<[renewed: number, history: string, nowMs: number]>
}

export interface Claiming {
  countersignClaim(
    call: string,
    note: string,
    ttlMs: number,
    endsMs: number,
    issuedMs: number,
    skewMs: number,
    knownHistory: string,
    knownAtMs: number,
    windowMs: number,
  ): Promise<number | [said: number, history: string]>
}
