import { DEFAULT_REPLAY_BYTES } from 'countersign'
import { MAX_PIPELINED } from '../http/pipelining.ts'

/** What a gateway does unless its options, or its file, say otherwise. */
export const GATEWAY_DEFAULTS = {
  /** The most bytes of one request's body. */
  maxBodyBytes: 134_217_728,
  /** Bodies with more bytes are written to disk until they are verified and sent on. */
  spoolBytes: 1_048_576,
  /**
   * The most bytes of all bodies on disk at once, counted as they come in. If that does not suffice, the oldest
   * unfinished body is answered with 507.
   */
  maxSpoolBytes: 10_737_418_240,
  /** The most bytes of all bodies in memory at once, counted as they come in; then 503, as above. */
  maxHeldBytes: 268_435_456,
  /** The most bytes for replay protection in memory. */
  maxReplayBytes: DEFAULT_REPLAY_BYTES,
  /** Until the upstream takes the connection. */
  connectTimeoutMs: 5_000,
  /** Until the headers of its answer, or the end of an upgrade. */
  headersTimeoutMs: 60_000,
  /** Between two pieces of its answer. */
  bodyTimeoutMs: 60_000,
  /** Connections to the upstream at once; WebSockets are not counted. */
  connections: 256,
  /** Until a request has come in. */
  requestTimeoutMs: 60_000,
  /** How long a client's connection may be idle. */
  keepAliveTimeoutMs: 5_000,
  /** How long nothing may pass through a WebSocket once one side has closed. */
  halfClosedTimeoutMs: 10_000,
  /** Requests of one connection that are worked on at once. With more, the connection is closed. */
  maxPipelined: MAX_PIPELINED,
  /** How long running requests have to end when the gateway is stopped; WebSockets are closed. */
  drainMs: 30_000,
  /** How long new connections are still taken before that. */
  drainDelayMs: 0,
} as const
