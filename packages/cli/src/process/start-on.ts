import { UsageError } from './exit.ts'

/** Starts what listens on a port. @throws UsageError `port-taken`; what `start` throws */
export async function startOn<T>(port: number, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    const taken = 'port' in error && typeof error.port === 'number' ? error.port : port
    throw new UsageError('port-taken', `Port ${taken} is taken: stop what listens there, or give another port, 0 for any free one.`)
  }
}
