import type { IncomingMessage } from 'node:http'
import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { AccessEntry, EntryTrace } from './access-entry.ts'
import { readTraceContext, type TraceContext } from './trace-context.ts'

/** What is told of a request to whoever follows it through many services. */
export interface RequestTrace extends EntryTrace {
  /** The request goes upstream. @returns what it is sent of the trace: names and values in turn */
  sent(origin: string): readonly string[]
  /** The upstream's answer is there, or there is none. */
  answered(status: number | undefined): void
}

/** Begins with a request. */
export type Tracing = (request: IncomingMessage) => RequestTrace

/** Makes no spans: the client's trace goes upstream as it came. */
export const tracePassedOn: Tracing = request => {
  const given = readTraceContext(request.headers)
  return {
    traceId: given?.traceId,
    sent: () => headersOf(given),
    answered: () => undefined,
    finished: () => undefined,
  }
}

function headersOf(given: TraceContext | undefined): readonly string[] {
  if (given === undefined) return []
  return ['traceparent', given.parent, ...(given.state === undefined ? [] : ['tracestate', given.state])]
}

/**
 * Makes a span of each request and one of its way upstream, by the tracer provider and the propagator that the process
 * has registered with OpenTelemetry. The names are those of its semantic conventions for HTTP.
 */
export function traceBySpans(): Tracing {
  const tracer = trace.getTracer('@countersign/server')
  return request => {
    const given = readTraceContext(request.headers)
    const carrier =
      given === undefined ? {} : { traceparent: given.parent, ...(given.state === undefined ? {} : { tracestate: given.state }) }
    const parent = propagation.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)
    const { method = '' } = request
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }, parent)
    const inside = trace.setSpan(parent, span)
    let upstream: Span | undefined
    return {
      traceId: trace.isSpanContextValid(span.spanContext()) ? span.spanContext().traceId : given?.traceId,
      sent(origin) {
        const { hostname, port, protocol } = new URL(origin)
        const attributes = {
          'http.request.method': method,
          'server.address': hostname,
          'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
        }
        upstream = tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes }, inside)
        const sent = injected(trace.setSpan(inside, upstream))
        return sent.length === 0 ? headersOf(given) : sent
      },
      answered(status) {
        if (upstream === undefined) return
        if (status !== undefined) upstream.setAttribute('http.response.status_code', status)
        if (status === undefined || status >= 500) upstream.setStatus({ code: SpanStatusCode.ERROR })
        upstream.end()
        upstream = undefined
      },
      finished(entry) {
        span.updateName(entry.route === undefined ? entry.method : `${entry.method} ${entry.route}`)
        span.setAttributes(attributesOf(entry))
        if (entry.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      },
    }
  }
}

function injected(of: Context): readonly string[] {
  const carrier: Record<string, string> = {}
  propagation.inject(of, carrier, defaultTextMapSetter)
  return Object.entries(carrier).flat()
}

function attributesOf(entry: AccessEntry): Attributes {
  return {
    'url.path': entry.path,
    'client.address': entry.address,
    'http.response.status_code': entry.status,
    'countersign.request_id': entry.requestId,
    'countersign.outcome': entry.outcome,
    ...(entry.route === undefined ? {} : { 'http.route': entry.route }),
    ...(entry.code === undefined ? {} : { 'countersign.code': entry.code }),
    ...(entry.scheme === undefined ? {} : { 'countersign.scheme': entry.scheme }),
    ...(entry.keyId === undefined ? {} : { 'countersign.key_id': entry.keyId }),
  }
}
