/** What is needed of a call that undici dispatches. */
export interface UndiciCallLike {
  readonly origin?: string | URL | undefined
  readonly path: string
  readonly method: string
  readonly headers?: unknown
  readonly body?: unknown
  readonly query?: unknown
}

export interface UndiciHeaders {
  readonly [name: string]: string | string[] | undefined
}

/** What is needed of undici's controller of a request. */
export interface UndiciControllerLike {
  readonly aborted: boolean
  readonly paused: boolean
  readonly reason: Error | null
  abort(reason: Error): void
  pause(): void
  resume(): void
}

/** What undici 7 and 8 tell of a request. */
export interface UndiciHandlerLike {
  onRequestStart?(controller: UndiciControllerLike, context: unknown): void
  onRequestUpgrade?(controller: UndiciControllerLike, status: number, headers: UndiciHeaders, socket: unknown): void
  onResponseStarted?(): void
  onResponseStart?(controller: UndiciControllerLike, status: number, headers: UndiciHeaders, message?: string): void
  onResponseData?(controller: UndiciControllerLike, chunk: Uint8Array): void
  onResponseEnd?(controller: UndiciControllerLike, trailers: UndiciHeaders): void
  onResponseError?(controller: UndiciControllerLike, error: Error): void
}

/** Tells another handler everything. */
export function handOn(handler: UndiciHandlerLike): Required<UndiciHandlerLike> {
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onRequestUpgrade: (controller, status, headers, socket) => handler.onRequestUpgrade?.(controller, status, headers, socket),
    onResponseStarted: () => handler.onResponseStarted?.(),
    onResponseStart: (controller, status, headers, message) => handler.onResponseStart?.(controller, status, headers, message),
    onResponseData: (controller, chunk) => handler.onResponseData?.(controller, chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  }
}

/**
 * The controller of a request that isn't on a connection: before it is sent, or when all of its answer has come. What
 * undici read of the headers stays with it.
 */
export function detached(controller?: UndiciControllerLike): UndiciControllerLike {
  const { rawHeaders, rawTrailers }: { readonly rawHeaders?: unknown; readonly rawTrailers?: unknown } = {
    rawHeaders: null,
    rawTrailers: null,
    ...controller,
  }
  return { ...{ rawHeaders, rawTrailers }, aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} }
}
