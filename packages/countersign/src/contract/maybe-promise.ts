/** A value, or a promise of one: what answers at once is not waited for. */
export type MaybePromise<T> = T | Promise<T>

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof value === 'object' && typeof (value as { readonly then?: unknown } | null)?.then === 'function'
}

/** Goes on with a value now, or with a promise's value when it is there. */
export function whenReady<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value)
}

/** Takes the items one after the other, without waiting where a step has its answer at once. */
export function inTurn<T>(items: readonly T[], step: (item: T, index: number) => MaybePromise<void>, index = 0): MaybePromise<void> {
  const item = items[index]
  return item === undefined ? undefined : whenReady(step(item, index), () => inTurn(items, step, index + 1))
}
