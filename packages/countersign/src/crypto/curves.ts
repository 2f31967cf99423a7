import { encode } from '../wire/encoding.ts'

interface Curve {
  readonly bytes: number
  /** The prime of the field, and b of y² = x³ − 3x + b. */
  readonly p: bigint
  readonly b: bigint
}

/** FIPS 186-4, §D.1.2.3 and §D.1.2.4. */
const CURVES: { readonly [C in 'p256' | 'p384']: Curve } = {
  p256: {
    bytes: 32,
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  p384: {
    bytes: 48,
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
}

/** Whether bytes are an uncompressed point (SEC 1 §2.3.3) of the curve. */
export function isOnCurve(name: 'p256' | 'p384', point: Uint8Array): boolean {
  const { bytes, p, b } = CURVES[name]
  if (point.length !== 1 + 2 * bytes || point[0] !== 4) return false
  const x = BigInt(`0x${encode(point.subarray(1, 1 + bytes), 'hex')}`)
  const y = BigInt(`0x${encode(point.subarray(1 + bytes), 'hex')}`)
  return x < p && y < p && (y * y - (x * x * x - 3n * x + b)) % p === 0n
}

const P25519 = 2n ** 255n - 19n
/** RFC 8032 §5.1: −121665/121666. */
const D25519 = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/**
 * Whether bytes are a point of edwards25519 in its one encoding (RFC 8032 §5.1.3) that is a key: under one of small
 * order, anyone could make signatures.
 */
export function isUsableEdwardsPoint(point: Uint8Array): boolean {
  if (point.length !== 32) return false
  const bits = BigInt(`0x${encode(Uint8Array.from(point).reverse(), 'hex')}`)
  const y = bits & (2n ** 255n - 1n)
  if (y >= P25519) return false
  const y2 = (y * y) % P25519
  // The points of order 1 and 2, of order 4, and of order 8, whose double has y = 0.
  const isSmall = y2 === 1n || y === 0n || (D25519 * y2 * y2 + 2n * y2 - 1n) % P25519 === 0n
  // x² = (y² − 1) / (d·y² + 1) has a root where the product of both has one: Euler's criterion.
  return !isSmall && power((y2 - 1n + P25519) * (D25519 * y2 + 1n), (P25519 - 1n) / 2n) === 1n
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base % P25519, left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * square) % P25519
    square = (square * square) % P25519
  }
  return result
}
