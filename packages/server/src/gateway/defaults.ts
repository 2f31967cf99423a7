import { DEFAULT_REPLAY_BYTES } from 'countersign'

/** What a gateway does unless its options, or its file, say otherwise. */
export const GATEWAY_DEFAULTS = {
  /** Of one request. */
  maxBodyBytes: 134_217_728,
  /** Larger bodies are written to disk until they are verified and sent on. */
  spoolBytes: 1_048_576,
  /** Of all bodies on disk at once. */
  maxSpoolBytes: 10_737_418_240,
  /** Of all bodies in memory at once. */
  maxHeldBytes: 268_435_456,
  /** For replay protection in memory. */
  maxReplayBytes: DEFAULT_REPLAY_BYTES,
  /** Until the upstream takes the connection. */
  connectTimeoutMs: 5_000,
  /** Until the headers of its answer, or the end of an upgrade. */
  headersTimeoutMs: 60_000,
  /** Between two pieces of its answer. */
  bodyTimeoutMs: 60_000,
  /** To the upstream, at once; WebSockets are not counted. */
  connections: 256,
  /** Until a request has come in. */
  requestTimeoutMs: 60_000,
  /** How long running requests have to end when the gateway is stopped; WebSockets are closed. */
  drainMs: 30_000,
} as const
