import { once } from 'node:events'

/** Waits until the command is told to stop, by Ctrl+C or by the system. */
export async function untilStopped(): Promise<void> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
}
