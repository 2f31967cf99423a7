/** What a sample is made of: ids that are new each time, and the time it is sent. */
export interface SampleInput {
  /** So many random letters and digits. */
  readonly id: (length: number) => string
  readonly uuid: () => string
  readonly nowMs: number
}

export interface SampleEvent {
  readonly contentType: string
  /** What the provider sends beside the signature. */
  readonly headers?: { readonly [name: string]: string }
  readonly body: string
}

/** A provider's events by their names. The first is what is sent where none is named. */
export interface ProviderSamples {
  readonly events: { readonly [name: string]: (input: SampleInput) => SampleEvent }
  /** Headers that name the event, for a body of one's own. */
  readonly headersOf?: (event: string, input: SampleInput) => { readonly [name: string]: string }
}

const JSON_TYPE = 'application/json'

/** An event in JSON. */
export function jsonEvent(body: object, headers: { readonly [name: string]: string } = {}, contentType = JSON_TYPE): SampleEvent {
  return { contentType, headers, body: JSON.stringify(body) }
}
