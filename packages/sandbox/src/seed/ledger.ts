import { createHash } from 'node:crypto'
import { IN_TYPES, LEDGER_TYPES, OUT_TYPES } from '../ledger.ts'

export interface LedgerRow {
  readonly tx_id: string
  readonly chain_tx_id: string
  readonly at: number
  readonly type: number
  readonly amount: string
  readonly fees: string
  readonly net_amount: string
  readonly counterparty: string
  readonly address: string
  readonly reference: string
  readonly status: string
}

export interface LedgerGiven {
  readonly walletId: string
  readonly address: string
  readonly available: bigint
  readonly entries: number
  readonly now: number
}

const NAMES = ['Big Funds', 'Erik Example', 'Fay Example', 'Grand Exchange', 'Harbour Desk']
const HOUR_MS = 3_600_000

/** A plausible past of a wallet, the oldest first, that adds up to what it holds. The same for the same wallet. */
export function madeUpLedger({ walletId, address, available, entries, now }: LedgerGiven): LedgerRow[] {
  const random = seededBy(walletId)
  const rows: LedgerRow[] = []
  let sum = 0n
  for (let index = 1; index < entries; index++) {
    const isIn = random() < 0.5
    const types = isIn ? IN_TYPES : OUT_TYPES
    const amount = (available * BigInt(1 + Math.floor(random() * 999))) / 100_000n
    const fees = isIn ? 0n : amount / 1000n + 1n
    sum += isIn ? amount : -(amount + fees)
    rows.push(row(index, types[Math.floor(random() * types.length)] ?? LEDGER_TYPES.deposit, amount, fees))
  }
  // What was there in the beginning makes up for what went out since.
  return [row(0, LEDGER_TYPES.deposit, available - sum, 0n), ...rows]

  function row(index: number, type: number, amount: bigint, fees: bigint): LedgerRow {
    const hash = createHash('sha256').update(`${walletId} ${index}`).digest('hex')
    const isIn = IN_TYPES.includes(type)
    return {
      tx_id: `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`,
      chain_tx_id: `0x${hash}`,
      at: now - (entries - index) * HOUR_MS,
      type,
      amount: String(amount),
      fees: String(fees),
      net_amount: String(isIn ? amount - fees : amount + fees),
      counterparty: NAMES[index % NAMES.length] ?? '',
      address: isIn ? address : `0x${hash.slice(0, 40)}`,
      reference: `REF-${String(index).padStart(4, '0')}`,
      status: 'confirmed',
    }
  }
}

/** Numbers from 0 to 1 that only depend on a text: mulberry32. */
function seededBy(text: string): () => number {
  let state = createHash('sha256').update(text).digest().readUInt32LE()
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
