/** Where `listen` listens unless it is told otherwise, and what `init` prints. */
export const LISTEN_PORT = '4600'
