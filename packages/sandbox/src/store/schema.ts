import type { Generated } from 'kysely'

/** The tables. Amounts are decimal text in the asset's smallest unit; times are epoch milliseconds; JSON is text. */
export interface Tables {
  organisation: { id: string; name: string; email: string; domain: string; address: string }
  member: { id: string; organisation_id: string; name: string; email: string; username: string }
  fund: { id: string; organisation_id: string; name: string; description: string; theme: string; archived: number; created_at: number }
  wallet: {
    id: string
    fund_id: string
    name: string
    asset: string
    address: string
    sealed_private_key: string
    available: string
    nonce: number
  }
  asset: { name: string; scale: number; chain_id: string; network: string }
  web3_transaction: {
    id: string
    organisation_id: string
    wallet_id: string
    created_by: string
    status: string
    /** When it moves on; null once it has come to rest. */
    next_at: number | null
    request: string
    cost: string
    nonce: number
    raw_tx: string
    signed_tx: string
    tx_hash: string
    created_at: number
  }
  web3_transaction_event: { sequence: Generated<number>; id: string; transaction_id: string; status: string; message: string; at: number }
}
