/** The tables. Times are milliseconds since the epoch; 0 stands for never. Lists and records are JSON text. */
export interface Tables {
  organisation: {
    id: string
    kind: 'organisation' | 'person'
    name: string
    created_at: number
    /** JSON: see ceilings. */
    ceilings: string
  }
  administrator: {
    id: string
    /** Null: an operator, who is not bound to one organisation. */
    organisation_id: string | null
    name: string
    role: 'operator' | 'admin' | 'auditor'
    token_hash: string
    created_at: number
    disabled_at: number
    /** Of the token; 0 for one that never ends. */
    expires_at: number
    /** The token before it was renewed, which stays good for a while; empty where there is none. */
    previous_token_hash: string
    previous_expires_at: number
  }
  session: {
    id_hash: string
    administrator_id: string
    expires_at: number
    /** Of the token that it was begun with; empty: it was begun otherwise. */
    token_hash: string
  }
  api_key: {
    id: string
    organisation_id: string
    name: string
    fund_id: string
    wallet_id: string
    scheme: string
    /** PEM; empty for a scheme of secrets. */
    public_key: string
    sealed_passphrase: string
    permissions: string
    addresses: string
    labels: string
    state: 'active' | 'disabled' | 'revoked'
    imported: number
    /** An imported secret that is shorter than a new one may be. */
    short_secret: number
    expires_at: number
    created_at: number
    updated_at: number
    last_used_at: number
  }
  key_secret: {
    id: string
    key_id: string
    sealed: string
    created_at: number
    /** The end of a rotation's overlap. */
    expires_at: number
    last_used_at: number
  }
  /** Public keys: the one that `api_key` has too, and after a rotation the one before it, until the overlap ends. */
  key_public: {
    id: string
    key_id: string
    pem: string
    created_at: number
    expires_at: number
    last_used_at: number
  }
  audit: {
    sequence: number
    at: number
    actor: string
    organisation_id: string
    action: string
    subject: string
    address: string
    detail: string
    previous_hash: string
    hash: string
  }
  audit_head: {
    id: number
    sequence: number
    hash: string
  }
  setting: {
    name: string
    value: string
  }
  /** How often, from when and until when a key was used by way of something: a scheme, or a deprecated route. */
  key_use: {
    key_id: string
    via: string
    count: number
    first_at: number
    last_at: number
  }
  /** How often a key was used and refused on a day, by all processes together. */
  key_day: {
    key_id: string
    /** Days since the epoch, in UTC. */
    day: number
    /** The id of the secret or public key; empty where it is not known. */
    credential: string
    calls: number
    refusals: number
  }
}
