/** What is needed of Node's request, where a web-standard one was made of it. No types of Node: runtimes differ. */
export interface Incoming {
  readonly url: string
  readonly originalUrl?: string | undefined
  readonly rawHeaders: string[]
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly httpVersionMajor: number
  readonly socket?: { readonly remoteAddress?: string | undefined } | null | undefined
}

/**
 * Node's own request, which `@hono/node-server` gives as `env.incoming`: its target and headers are those that were
 * sent, also in an app that is mounted under a path.
 */
export function incomingOf(env: unknown): Incoming | undefined {
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined
  const { incoming } = env as { readonly incoming?: Partial<Incoming> | null }
  return typeof incoming?.url === 'string' && Array.isArray(incoming.rawHeaders) ? (incoming as Incoming) : undefined
}
