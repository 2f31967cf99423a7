import { type Kysely, type Migration, type MigrationProvider, sql } from 'kysely'

const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('organisation')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('email', 'text', column => column.notNull())
      .addColumn('domain', 'text', column => column.notNull())
      .addColumn('address', 'text', column => column.notNull())
      .execute()
    await db.schema
      .createTable('member')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('organisation_id', 'text', column => column.notNull().references('organisation.id'))
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('email', 'text', column => column.notNull())
      .addColumn('username', 'text', column => column.notNull())
      .execute()
    await db.schema
      .createTable('fund')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('organisation_id', 'text', column => column.notNull().references('organisation.id'))
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('description', 'text', column => column.notNull())
      .addColumn('theme', 'text', column => column.notNull())
      .addColumn('archived', 'integer', column => column.notNull())
      .addColumn('created_at', 'integer', column => column.notNull())
      .execute()
    await db.schema
      .createTable('asset')
      .addColumn('name', 'text', column => column.primaryKey())
      .addColumn('scale', 'integer', column => column.notNull())
      .addColumn('chain_id', 'text', column => column.notNull())
      .addColumn('network', 'text', column => column.notNull())
      .execute()
    await db.schema
      .createTable('wallet')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('fund_id', 'text', column => column.notNull().references('fund.id'))
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('asset', 'text', column => column.notNull().references('asset.name'))
      .addColumn('address', 'text', column => column.notNull().unique())
      .addColumn('sealed_private_key', 'text', column => column.notNull())
      .addColumn('available', 'text', column => column.notNull())
      .addColumn('nonce', 'integer', column => column.notNull())
      .execute()
    await db.schema
      .createTable('web3_transaction')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('organisation_id', 'text', column => column.notNull().references('organisation.id'))
      .addColumn('wallet_id', 'text', column => column.notNull().references('wallet.id'))
      .addColumn('created_by', 'text', column => column.notNull())
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('next_at', 'integer')
      .addColumn('request', 'text', column => column.notNull())
      .addColumn('cost', 'text', column => column.notNull())
      .addColumn('nonce', 'integer', column => column.notNull())
      .addColumn('raw_tx', 'text', column => column.notNull())
      .addColumn('signed_tx', 'text', column => column.notNull())
      .addColumn('tx_hash', 'text', column => column.notNull())
      .addColumn('created_at', 'integer', column => column.notNull())
      .execute()
    await db.schema
      .createIndex('web3_transaction_due')
      .on('web3_transaction')
      .column('next_at')
      .where(sql.ref('next_at'), 'is not', null)
      .execute()
    await db.schema
      .createTable('web3_transaction_event')
      .addColumn('sequence', 'integer', column => column.primaryKey().autoIncrement())
      .addColumn('id', 'text', column => column.notNull().unique())
      .addColumn('transaction_id', 'text', column => column.notNull().references('web3_transaction.id'))
      .addColumn('status', 'text', column => column.notNull())
      .addColumn('message', 'text', column => column.notNull())
      .addColumn('at', 'integer', column => column.notNull())
      .execute()
    await db.schema.createIndex('web3_transaction_event_of').on('web3_transaction_event').column('transaction_id').execute()
  },
}

export const migrations: MigrationProvider = {
  getMigrations: () => Promise.resolve({ '0001-first': first }),
}
