import { BlockList, isIPv4 } from 'node:net'
import { z } from 'zod'
import type { Db } from '../database/database.ts'
import { ServerError } from '../errors.ts'

const names = z.array(z.string().min(1).max(100)).max(100)
const count = z.int().min(0).max(1_000_000)

/** What the keys and administrators of an organisation may be at most, whoever makes them. Left out: no ceiling. */
export const ceilings = z
  .strictObject({
    permissions: names.optional().meta({ description: 'Its keys have none but these.' }),
    schemes: names.optional().meta({ description: 'Its keys are for these.' }),
    addresses: names.optional().meta({ description: 'Each of its keys is bound to addresses within these ranges.' }),
    maxKeys: count.optional().meta({ description: 'How many keys it has, those that are revoked aside.' }),
    maxAdministrators: count.optional().meta({ description: 'How many administrators it has whose tokens are good.' }),
  })
  .meta({ id: 'Ceilings' })
export type Ceilings = z.infer<typeof ceilings>

/** The members of a key that ceilings are about. */
export interface Bounded {
  readonly scheme: string
  readonly permissions: readonly string[]
  readonly addresses: readonly string[]
}

/** @throws ServerError 404 `organisation-unknown` */
export async function ceilingsOf(transaction: Db, organisationId: string): Promise<Ceilings> {
  const row = await transaction.selectFrom('organisation').select('ceilings').where('id', '=', organisationId).executeTakeFirst()
  if (row === undefined) throw new ServerError('organisation-unknown', 404, `There is no organisation ${organisationId}.`)
  return JSON.parse(row.ceilings) as Ceilings
}

/** What of a key is above a ceiling, in a sentence for its administrator. */
export function findExcess(given: Ceilings, { scheme, permissions, addresses }: Bounded): string | undefined {
  const permission = permissions.find(name => given.permissions?.includes(name) === false)
  if (permission !== undefined)
    return `Keys of this organisation can't have the permission ${permission}; they can have ${listed(given.permissions)}.`
  if (given.schemes?.includes(scheme) === false)
    return `Keys of this organisation can't be for ${scheme}; they can be for ${listed(given.schemes)}.`
  const ranges = given.addresses
  if (ranges === undefined) return undefined
  const bound = `Keys of this organisation are bound to addresses within ${listed(ranges)}`
  if (addresses.length === 0) return `${bound}: give addresses.`
  const outside = addresses.find(address => !ranges.some(range => isWithinRange(address, range)))
  return outside === undefined ? undefined : `${bound}, and ${outside} is not.`
}

/** Whether a key may now do something that it couldn't do before. */
export function isWider(now: Bounded, before: Bounded): boolean {
  if (now.scheme !== before.scheme || now.permissions.some(name => !before.permissions.includes(name))) return true
  // Without addresses, a key is good from any.
  if (before.addresses.length === 0) return false
  return now.addresses.length === 0 || now.addresses.some(address => !before.addresses.some(range => isWithinRange(address, range)))
}

/** @throws ServerError 403 `ceiling-reached` */
export function checkCeilings(given: Ceilings, key: Bounded): void {
  const excess = findExcess(given, key)
  if (excess !== undefined) throw reached(`${excess} An operator sets these ceilings.`)
}

/** Before one more is made. @throws ServerError 403 `ceiling-reached` */
export async function checkKeyCount(transaction: Db, organisationId: string, { maxKeys }: Ceilings): Promise<void> {
  if (maxKeys === undefined) return
  const { count: known } = await transaction
    .selectFrom('api_key')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('organisation_id', '=', organisationId)
    .where('state', '!=', 'revoked')
    .executeTakeFirstOrThrow()
  if (Number(known) >= maxKeys) throw reached(`This organisation has ${maxKeys} keys at most: revoke one, or ask an operator for more.`)
}

/** Before one more is made. @throws ServerError 403 `ceiling-reached` */
export async function checkAdministratorCount(
  transaction: Db,
  organisationId: string,
  { maxAdministrators }: Ceilings,
  now: number,
): Promise<void> {
  if (maxAdministrators === undefined) return
  const { count: known } = await transaction
    .selectFrom('administrator')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('organisation_id', '=', organisationId)
    .where('disabled_at', '=', 0)
    .where(({ eb, or }) => or([eb('expires_at', '=', 0), eb('expires_at', '>', now)]))
    .executeTakeFirstOrThrow()
  if (Number(known) >= maxAdministrators)
    throw reached(`This organisation has ${maxAdministrators} administrators at most: disable one, or ask an operator for more.`)
}

function reached(message: string): ServerError {
  return new ServerError('ceiling-reached', 403, message)
}

const listed = (given: readonly string[] | undefined): string => (given === undefined || given.length === 0 ? 'none' : given.join(', '))

/** Whether every address of a range is in another one. */
function isWithinRange(inner: string, outer: string): boolean {
  const [one, other] = [readRange(inner), readRange(outer)]
  if (one.family !== other.family || one.bits < other.bits) return false
  const list = new BlockList()
  list.addSubnet(other.address, other.bits, other.family)
  return list.check(one.address, one.family)
}

interface Range {
  readonly address: string
  readonly bits: number
  readonly family: 'ipv4' | 'ipv6'
}

/** Of an address or range that the library took, as it reads them: `::ffff:10.0.0.1` is the IPv4 address. */
function readRange(text: string): Range {
  const [given = '', bits] = text.split('/', 2)
  const address = isIPv4(given) ? given : (mappedIn(given) ?? withoutZone(given))
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  return { address, family, bits: bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits) }
}

/** The IPv4 address that an IPv6 address stands for, RFC 4291 §2.5.5.2. */
function mappedIn(address: string): string | undefined {
  // The WHATWG's URL has one spelling for each address.
  const [, high, low] = /^\[::ffff:([0-9a-f]+):([0-9a-f]+)\]$/.exec(new URL(`http://[${withoutZone(address)}]`).hostname) ?? []
  if (high === undefined || low === undefined) return undefined
  return [high, low].flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]).join('.')
}

function withoutZone(address: string): string {
  return address.split('%', 1)[0] ?? address
}
