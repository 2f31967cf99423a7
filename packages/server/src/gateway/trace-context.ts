import type { IncomingHttpHeaders } from 'node:http'

/** The trace that a call is of, as W3C Trace Context has it: https://www.w3.org/TR/trace-context/. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** `traceparent`, as it came. */
  readonly parent: string
  /** `tracestate`, as it came. */
  readonly state: string | undefined
}

/** Version 00 has just these parts; a later one may have more behind them. */
const PARENT = /^(?:00|(?!00|ff)[0-9a-f]{2}(?=.{53}(?:-|$)))-((?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/
const FIRST_VERSION_CHARACTERS = 55
const MAX_CHARACTERS = 512
const VISIBLE = /^[\t\x20-\x7e]*$/
/** Members by commas: a key, and a value without commas and equals signs. */
const STATE = /^(?:[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}[ \t]*(?:,[ \t]*(?=[a-z0-9])|$))+$/

/** A trace that is not well formed is none: it would be in the logs, and go upstream. */
export function readTraceContext({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > MAX_CHARACTERS || !VISIBLE.test(traceparent)) return undefined
  const [, traceId] = PARENT.exec(traceparent) ?? []
  if (traceId === undefined || (traceparent.startsWith('00') && traceparent.length !== FIRST_VERSION_CHARACTERS)) return undefined
  const isState = typeof tracestate === 'string' && tracestate.length <= MAX_CHARACTERS && STATE.test(tracestate)
  return { traceId, parent: traceparent, state: isState ? tracestate : undefined }
}
