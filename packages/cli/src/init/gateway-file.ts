import { DEFAULT_STORE } from '../keys/store-options.ts'

/** As `gateway --config` reads it. */
export const GATEWAY_FILE = 'countersign.yaml'
const PORT = 4590
/** Where the gateway is called while it is tried out. */
export const GATEWAY_ORIGIN = `http://127.0.0.1:${PORT}`

/**
 * The settings of a gateway, to go on from.
 *
 * @param ownScheme the path of its declaration, from the file on, where it is one of one's own
 */
export function gatewayText(upstream: string, schemeName: string, ownScheme: string | undefined): string {
  const own = ownScheme === undefined ? '' : `# How calls are signed.\nschemes: [${JSON.stringify(ownScheme)}]\n`
  return `# For: countersign gateway --config ${GATEWAY_FILE}. All settings are in docs/gateway.md of countersign.

# Your API. Only verified calls reach it.
upstream: ${JSON.stringify(upstream)}
# Where clients call it, which is a part of what most schemes sign: the public origin, once it has one.
origin: ${GATEWAY_ORIGIN}
port: ${PORT}
# The keys; their secrets are sealed with ${DEFAULT_STORE}.master-key, which lies beside it so that every command
# finds it while you try things out. Whoever copies that folder has all secrets, and the gateway says so at every
# start: move the master key elsewhere before this goes live, and say where.
store: ${DEFAULT_STORE}
# masterKeyFile: /etc/countersign/master-key
${own}routes:
  - path: /
    schemes: [${JSON.stringify(schemeName)}]
`
}
