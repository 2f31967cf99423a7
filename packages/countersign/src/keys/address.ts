import { CountersignError } from '../contract/error.ts'

/**
 * Reads a list of addresses and CIDR ranges, IPv4 and IPv6, into a test. An IPv4 address written in IPv6
 * (`::ffff:10.0.0.1`, as dual-stack sockets report it) is the IPv4 address.
 *
 * @throws CountersignError `option-invalid` for anything but an address or a range
 */
export function compileAddresses(ranges: readonly string[]): (address: string) => boolean {
  const compiled = ranges.map(parseRange)
  return address => {
    const bits = parseAddress(address)
    return bits !== undefined && compiled.some(range => range.base.length === bits.length && sharePrefix(range.base, bits, range.prefix))
  }
}

/** Whether a text is an IP address as a machine writes it: no name, no port, no leading zeros. */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined
}

interface Range {
  readonly base: readonly number[]
  readonly prefix: number
}

function parseRange(range: string): Range {
  const slash = range.indexOf('/')
  const base = parseAddress(slash < 0 ? range : range.slice(0, slash))
  const most = (base?.length ?? 0) * 8
  const prefix = slash < 0 ? most : /^\d{1,3}$/.test(range.slice(slash + 1)) ? Number(range.slice(slash + 1)) : -1
  if (base !== undefined && prefix >= 0 && prefix <= most) return { base, prefix }
  throw new CountersignError(
    'option-invalid',
    `${JSON.stringify(range)} is no IP address or CIDR range, such as 10.0.0.0/8 or 2001:db8::/32.`,
  )
}

/** 4 or 16 bytes; `undefined` when it isn't an address. */
function parseAddress(address: string): readonly number[] | undefined {
  if (!address.includes(':')) return parseIpv4(address)
  const bare = address.split('%', 1)[0] ?? ''
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(bare)
  const v4 = tail?.[2] === undefined ? undefined : parseIpv4(tail[2])
  if (tail !== null && v4 === undefined) return undefined
  const text = v4 === undefined ? bare : `${tail?.[1] ?? ''}${hexPair(v4[0], v4[1])}:${hexPair(v4[2], v4[3])}`
  const bytes = parseIpv6(text)
  const mapped = bytes?.every((byte, index) => (index < 10 ? byte === 0 : index < 12 ? byte === 0xff : true))
  return mapped === true ? bytes?.slice(12) : bytes
}

function parseIpv4(text: string): readonly number[] | undefined {
  if (!/^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  return bytes.every(byte => byte < 256) ? bytes : undefined
}

function parseIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head = [], tail] = halves.map(half => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])]
  if (!groups.every(group => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined
  return groups.flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff])
}

function hexPair(high = 0, low = 0): string {
  return ((high << 8) | low).toString(16)
}

function sharePrefix(a: readonly number[], b: readonly number[], bits: number): boolean {
  for (let index = 0; index * 8 < bits; index++) {
    const left = Math.min(8, bits - index * 8)
    if (((a[index] ?? 0) ^ (b[index] ?? 0)) >> (8 - left) !== 0) return false
  }
  return true
}
