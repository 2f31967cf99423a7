import type { DatabaseConnection, Driver } from 'kysely'

/**
 * A driver whose every error is told as one of the store, whatever asked for it.
 *
 * @param tell makes that error of the driver's
 */
export function sayingWhich(driver: Driver, tell: (error: unknown) => unknown): Driver {
  const connections = new WeakMap<DatabaseConnection, DatabaseConnection>()
  const own = new WeakMap<DatabaseConnection, DatabaseConnection>()
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      throw tell(error)
    }
  }
  const driverOf = (connection: DatabaseConnection): DatabaseConnection => own.get(connection) ?? connection
  function wrapped(connection: DatabaseConnection): DatabaseConnection {
    const known = connections.get(connection)
    if (known !== undefined) return known
    const made: DatabaseConnection = {
      executeQuery: query => told(connection.executeQuery(query)),
      streamQuery: (query, size) => connection.streamQuery(query, size),
    }
    connections.set(connection, made)
    own.set(made, connection)
    return made
  }
  return {
    init: () => told(driver.init()),
    acquireConnection: async () => wrapped(await told(driver.acquireConnection())),
    beginTransaction: (connection, settings) => told(driver.beginTransaction(driverOf(connection), settings)),
    commitTransaction: connection => told(driver.commitTransaction(driverOf(connection))),
    rollbackTransaction: connection => told(driver.rollbackTransaction(driverOf(connection))),
    releaseConnection: connection => driver.releaseConnection(driverOf(connection)),
    destroy: () => driver.destroy(),
  }
}
