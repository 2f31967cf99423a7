import { UsageError } from './exit.ts'

/**
 * Starts what listens on a port.
 *
 * @throws UsageError `port-taken`, `port-not-permitted`, `address-unusable`; what `start` throws
 */
export async function startOn<T>(port: number, start: () => Promise<T>): Promise<T> {
  try {
    return await start()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN')
      throw new UsageError(
        'address-unusable',
        `The address${'address' in error ? ` ${error.address}` : ''} to listen on is none of this machine: 127.0.0.1 is this machine only, 0.0.0.0 all of it.`,
      )
    if (error.code === 'EACCES')
      throw new UsageError('port-not-permitted', `Port ${port} is for the system's administrator: give one from 1024 on.`)
    if (error.code !== 'EADDRINUSE') throw error
    const taken = 'port' in error && typeof error.port === 'number' ? error.port : port
    throw new UsageError('port-taken', `Port ${taken} is taken: stop what listens there, or give another port, 0 for any free one.`)
  }
}
