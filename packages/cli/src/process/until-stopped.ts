import { once } from 'node:events'

/** Tells that the command has to stop (SIGINT, SIGTERM). */
export interface Stop {
  readonly told: Promise<void>
  readonly signal: AbortSignal
}

/** Waits for it from now on. */
export function stopSignal(): Stop {
  const controller = new AbortController()
  const told = untilStopped()
  void told.then(() => controller.abort())
  return { told, signal: controller.signal }
}

/** @returns undefined where the work failed because the command was told to stop meanwhile */
export async function unlessStopped<T>({ signal }: Stop, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

/** Waits until the command is told to stop, by Ctrl+C or by the system. */
export async function untilStopped(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
