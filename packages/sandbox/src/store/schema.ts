import type { Generated } from 'kysely'

/** The tables. Amounts are decimal text in the asset's smallest unit; times are epoch milliseconds; JSON is text. */
export interface Tables {
  /** An account: of an organisation, or of a person. */
  organisation: {
    id: string
    kind: 'organisation' | 'person'
    name: string
    email: string
    domain: string
    address: string
    username: string
  }
  member: { id: string; organisation_id: string; name: string; email: string; username: string }
  fund: {
    id: string
    organisation_id: string
    name: string
    description: string
    theme: string
    archived: number
    created_at: number
    /** How many of its approvers a transaction needs. */
    threshold: number
  }
  /** Who approves a fund's transactions. */
  approver: { fund_id: string; member_id: string }
  wallet: {
    id: string
    fund_id: string
    name: string
    /** Only Web3 wallets send transactions. */
    kind: 'web3' | 'standard'
    asset: string
    address: string
    sealed_private_key: string
    available: string
    /** The next one to be signed with. */
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
    /** When it is given up if it has not been approved. */
    expires_at: number
    request: string
    cost: string
    /** What it will be signed with, as far as is known; as it was signed, once it is. */
    nonce: number
    raw_tx: string
    signed_tx: string
    tx_hash: string
    created_at: number
  }
  web3_transaction_event: { sequence: Generated<number>; id: string; transaction_id: string; status: string; message: string; at: number }
  /** What each approver has to say of a transaction. */
  approval: {
    id: string
    transaction_id: string
    member_id: string
    status: 'pending' | 'approved' | 'rejected'
    at: number
  }
  ledger_entry: {
    sequence: Generated<number>
    tx_id: string
    chain_tx_id: string
    fund_id: string
    wallet_id: string
    at: number
    type: number
    asset: string
    amount: string
    fees: string
    net_amount: string
    counterparty: string
    address: string
    reference: string
    status: string
  }
  trusted_party: {
    id: string
    organisation_id: string
    first_name: string
    last_name: string
    email: string
    username: string
    internal: number
    pending: number
    created_at: number
  }
  /** What `Idempotency-Key` stands for: the transaction that was made with it. */
  idempotency: { key_id: string; idempotency_key: string; body_hash: string; transaction_id: string; created_at: number }
  company: {
    id: string
    organisation_id: string
    name: string
    city: string
    country: string
    domain: string
    ref: string
    created_at: number
  }
  /** The keys that tokens are signed with; the newest signs. */
  token_key: { id: string; public_jwk: string; sealed_private_jwk: string; created_at: number }
  /** Nonces that were used, which are never good again. */
  used_nonce: { id: string; at: number }
}
