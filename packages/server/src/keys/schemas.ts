import { z } from 'zod'

/** What a request to the key store may say. The same schemas check it and make its description in OpenAPI. */

const MAX_NAME_LENGTH = 200
const MAX_LIST = 100
/** A month. */
const MAX_OVERLAP_SECONDS = 2_678_400
export const DEFAULT_OVERLAP_SECONDS = 86_400

/** Text without control characters: it is printed on terminals. */
const line = z
  .string()
  .max(MAX_NAME_LENGTH)
  .regex(/^[^\p{Cc}]*$/u, 'No control characters.')
/** What a key, an organisation or an administrator is called. */
export const name = line.trim().min(1)
const permissions = z.array(z.string().min(1).max(100)).max(MAX_LIST)
const addresses = z
  .array(z.string().min(1).max(100))
  .max(MAX_LIST)
  .meta({ description: 'IP addresses and CIDR ranges, IPv4 and IPv6; empty: from anywhere.' })
const labels = z
  .record(z.string().regex(/^[A-Za-z0-9_.-]{1,63}$/, 'A label is 1 to 63 letters, digits, - _ or .'), line)
  .refine(record => Object.keys(record).length <= MAX_LIST, `At most ${MAX_LIST} labels.`)
const expiresAt = z.iso.datetime({ offset: true }).nullable().meta({ description: 'When the key ends; null: never.' })
/** The id of a fund or wallet, or empty. */
export const resource = line
const publicKeyText = z
  .string()
  .max(20_000)
  .meta({ description: 'In PEM, as JWK, or its bytes in base64 or hexadecimal (SPKI, or raw for Ed25519, P-256 and P-384).' })

const settings = {
  name,
  permissions: permissions.optional(),
  fundId: resource.optional().meta({ description: 'Narrows the key to one fund.' }),
  walletId: resource.optional().meta({ description: 'Narrows the key to one wallet.' }),
  addresses: addresses.optional(),
  labels: labels.optional(),
  expiresAt: expiresAt.optional(),
}

const scheme = z.string().min(1).max(100).meta({ description: 'The name of a scheme, as `countersign schemes` lists them.' })

const secret = z.string().min(1).max(10_000).meta({ description: 'Written as the scheme says.' })
const passphrase = z.string().min(1).max(1_000)

export const newSecretQuestion = z
  .strictObject({ scheme: scheme.optional(), publicKey: z.string().max(20_000).optional() })
  .meta({ id: 'NewSecretQuestion', description: 'What the key is to be.' })
export type NewSecretQuestion = z.infer<typeof newSecretQuestion>

export const proposedSecret = z.object({ id: z.string(), secret: z.string().nullable(), passphrase: z.string().nullable() }).meta({
  id: 'ProposedSecret',
  description: 'For a key to be made or rotated. Nothing is stored: write it down first, then send it with the call that makes it count.',
})
export type ProposedSecret = z.infer<typeof proposedSecret>

export const newKey = z
  .strictObject({
    ...settings,
    scheme: scheme.optional(),
    publicKey: publicKeyText.optional(),
    id: z
      .string()
      .regex(/^csk_[0-9A-Za-z]{26}$/, 'A new key has an id that was proposed here.')
      .optional(),
    secret: secret.optional(),
    passphrase: passphrase.optional(),
  })
  .meta({ id: 'NewKey', description: 'A key to make. The secret is made here, unless the scheme verifies with the public key given.' })
export type NewKey = z.infer<typeof newKey>

export const importedKey = z
  .strictObject({
    ...settings,
    id: z.string().regex(/^[\x21-\x2b\x2d-\x7e]{1,256}$/, 'A key id is 1 to 256 visible ASCII characters without a comma.'),
    scheme: scheme.optional(),
    secret: secret.optional(),
    publicKey: publicKeyText.optional(),
    passphrase: passphrase.optional(),
    allowShortSecret: z.boolean().optional().meta({ description: 'Take a secret of under 16 bytes, with a warning.' }),
  })
  .meta({ id: 'ImportedKey', description: 'A key that is in use elsewhere, with its secret or public key.' })
export type ImportedKey = z.infer<typeof importedKey>

export const keyChanges = z
  .strictObject({
    name: name.optional(),
    permissions: permissions.optional(),
    fundId: resource.optional(),
    walletId: resource.optional(),
    addresses: addresses.optional(),
    labels: labels.optional(),
    expiresAt: expiresAt.optional(),
  })
  .meta({ id: 'KeyChanges', description: 'Only the given fields change.' })
export type KeyChanges = z.infer<typeof keyChanges>

export const rotation = z
  .strictObject({
    overlapSeconds: z
      .int()
      .min(0)
      .max(MAX_OVERLAP_SECONDS)
      .optional()
      .meta({ description: `How long the old secret stays good beside the new one. Default: ${DEFAULT_OVERLAP_SECONDS}, a day.` }),
    secret: secret.optional().meta({ description: 'One that the other side chose. Default: it is made here.' }),
    publicKey: publicKeyText.optional().meta({ description: 'The new public key, for a key that has one.' }),
  })
  .meta({ id: 'Rotation' })
export type Rotation = z.infer<typeof rotation>

const KEY_STATES = ['active', 'disabled', 'revoked', 'expired'] as const

const moment = z.iso.datetime()

const credential = z.object({
  id: z.string(),
  createdAt: moment,
  expiresAt: moment.nullable(),
  lastUsedAt: moment.nullable().meta({ description: 'To within some seconds.' }),
})

export const keyView = z
  .object({
    id: z.string(),
    name: z.string(),
    organisationId: z.string(),
    fundId: z.string(),
    walletId: z.string(),
    scheme: z.string(),
    permissions: z.array(z.string()),
    addresses: z.array(z.string()),
    labels: z.record(z.string(), z.string()),
    state: z.enum(KEY_STATES),
    imported: z.boolean(),
    publicKey: z.string().nullable(),
    secrets: z.array(credential).meta({ description: 'The live secrets, the newest first; never what they are.' }),
    publicKeys: z.array(credential).meta({ description: 'The live public keys, the newest first, which is `publicKey`.' }),
    expiresAt: moment.nullable(),
    createdAt: moment,
    updatedAt: moment,
    lastUsedAt: moment.nullable(),
  })
  .meta({ id: 'Key' })
export type KeyView = z.infer<typeof keyView>

export const keyDay = z
  .object({
    day: z.iso.date().meta({ description: 'In UTC.' }),
    calls: z.int().meta({ description: 'That were accepted.' }),
    refusals: z.int(),
    secrets: z
      .array(z.object({ id: z.string(), calls: z.int(), refusals: z.int() }))
      .meta({ description: 'By secret or public key, where it is known.' }),
  })
  .meta({ id: 'KeyDay' })
export type KeyDay = z.infer<typeof keyDay>

export const shownKey = z
  .object({
    key: keyView,
    secret: z.string().nullable().meta({ description: "This once. A lost secret can't be recovered: rotate." }),
    passphrase: z.string().nullable(),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'ShownKey', description: 'A key with its secret, which is shown this once.' })
export type ShownKey = z.infer<typeof shownKey>

export const keyQuery = z.strictObject({
  search: z.string().max(MAX_NAME_LENGTH).optional().meta({ description: 'Part of a name, an id or a label.' }),
  state: z.enum(KEY_STATES).optional(),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
export type KeyQuery = z.infer<typeof keyQuery>
