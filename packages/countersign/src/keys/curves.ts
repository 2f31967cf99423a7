import { encode } from '../encoding.ts'

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
