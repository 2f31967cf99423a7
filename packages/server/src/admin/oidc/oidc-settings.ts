import { z } from 'zod'
import { isLoopback } from '../../http/loopback.ts'

const text = z.string().min(1).max(500)

/** Maps the provider's people to administrators. Nobody else is let in. */
const person = z.union([
  z.strictObject({
    email: text.meta({ description: 'An address that the provider says is verified, in any case.' }),
    administrator: text.meta({ description: 'The id of the administrator that this person is: countersign admins list.' }),
  }),
  z.strictObject({
    subject: text.meta({ description: 'The provider’s id of the person, `sub`, as text: in quotes, where it is digits.' }),
    administrator: text,
  }),
  z.strictObject({
    group: text.meta({ description: 'One of the groups in the claim `groups`.' }),
    administrator: text,
  }),
])

const url = z.url().refine(isSafe, 'A URL with https://; http:// is for this machine only.')

/** How administrators sign in by OpenID Connect. */
export const oidcSettings = z
  .strictObject({
    issuer: url.meta({ description: 'The provider, as it names itself: https://login.example.com.' }),
    clientId: text,
    clientSecretFile: text.optional().meta({
      description:
        'A file with the client’s secret; its path counts from the folder of the settings. Default: the environment’s COUNTERSIGN_OIDC_CLIENT_SECRET.',
    }),
    publicOrigin: url.meta({
      description:
        'Where the console is for its users: https://keys.example.com. The provider sends them back to /admin/v1/session/oidc/callback there, which is to be registered with it.',
    }),
    scopes: z.array(text).optional().meta({ description: 'What is asked of the provider beside openid. Default: email.' }),
    people: z.array(person).min(1).max(10_000),
  })
  .meta({ description: 'Sign-in of administrators by OpenID Connect, for countersign server. Tokens work as well.' })
export type OidcSettings = z.infer<typeof oidcSettings>

function isSafe(given: string): boolean {
  const { protocol, hostname } = new URL(given)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}
