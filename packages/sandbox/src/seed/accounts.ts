/** What the sandbox is filled with. */

export const ASSETS = [
  { name: 'ETH-TESTNET', scale: 18, chain_id: '11155111', network: 'sepolia' },
  { name: 'MATIC-TESTNET', scale: 18, chain_id: '80002', network: 'amoy' },
  // No chain of Ethereum's kind, so no chain id.
  { name: 'BTC-TESTNET', scale: 8, chain_id: '', network: 'testnet3' },
] as const

type AssetName = (typeof ASSETS)[number]['name']

interface SeedWallet {
  readonly asset: AssetName
  readonly kind: 'web3' | 'standard'
  readonly available: string
  /** How many entries its ledger has. */
  readonly entries: number
}

export interface SeedFund {
  readonly name: string
  readonly description: string
  readonly theme: string
  readonly archived?: boolean
  readonly wallets: readonly SeedWallet[]
  /** Usernames; so many of them have to approve. */
  readonly approvers: readonly string[]
  readonly threshold: number
}

export interface SeedAccount {
  readonly kind: 'organisation' | 'person'
  readonly name: string
  readonly email: string
  readonly domain: string
  readonly address: string
  readonly username: string
  readonly members: readonly (readonly [name: string, username: string])[]
  readonly funds: readonly SeedFund[]
  readonly trustedParties: readonly (readonly [first: string, last: string, username: string, internal: boolean, pending: boolean])[]
}

export const ACCOUNTS: readonly SeedAccount[] = [
  {
    kind: 'organisation',
    name: 'ACME Corp',
    email: 'treasury@acme.example',
    domain: 'acme.example',
    address: '1 Example Street, London',
    username: '',
    members: [
      ['Alice Example', 'alice'],
      ['Bob Example', 'bob'],
      ['Carol Example', 'carol'],
    ],
    funds: [
      {
        name: 'Treasury',
        description: 'Testnet assets to play with',
        theme: 'blue',
        wallets: [
          { asset: 'ETH-TESTNET', kind: 'web3', available: '25000000000000000000', entries: 240 },
          { asset: 'MATIC-TESTNET', kind: 'web3', available: '10000000000000000000000', entries: 60 },
          { asset: 'BTC-TESTNET', kind: 'standard', available: '300000000', entries: 40 },
        ],
        approvers: ['alice', 'bob', 'carol'],
        threshold: 2,
      },
      {
        name: 'Operations',
        description: 'What is paid from day to day',
        theme: 'green',
        wallets: [{ asset: 'BTC-TESTNET', kind: 'standard', available: '12500000', entries: 20 }],
        approvers: ['alice'],
        threshold: 1,
      },
      { name: 'Old treasury', description: 'Closed', theme: 'blue', archived: true, wallets: [], approvers: [], threshold: 0 },
    ],
    trustedParties: [],
  },
  {
    kind: 'person',
    name: 'Dora Example',
    email: 'dora@example.org',
    domain: '',
    address: '',
    username: 'dora',
    members: [['Dora Example', 'dora']],
    funds: [
      {
        name: 'Savings',
        description: 'A person’s own',
        theme: 'orange',
        wallets: [{ asset: 'ETH-TESTNET', kind: 'web3', available: '2000000000000000000', entries: 30 }],
        approvers: ['dora'],
        threshold: 1,
      },
    ],
    trustedParties: [
      ['Alice', 'Example', 'alice', true, false],
      ['Erik', 'Example', 'erik', false, false],
      ['Fay', 'Example', 'fay', false, true],
    ],
  },
]

export const COMPANIES = [
  { name: 'ACME Corp', city: 'Paris', country: 'FR', domain: 'acme.example', ref: 'acme-1' },
  { name: 'Big Funds', city: 'London', country: 'GB', domain: 'bigfunds.example', ref: 'big-1' },
  { name: 'Big Org', city: 'Berlin', country: 'DE', domain: '', ref: '' },
] as const
