import { fileURLToPath } from 'node:url'

/** The built files of the console, for the key server to hand out. */
export const consoleDirectory = fileURLToPath(new URL('../../dist/console', import.meta.url))
