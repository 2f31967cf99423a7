import type { Kysely, Migration, MigrationProvider } from 'kysely'
import { daysAndSessions } from './days-and-sessions.ts'
import { keyCare } from './key-care.ts'

/** The same on SQLite and PostgreSQL. */
const first: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('organisation')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('kind', 'text', column => column.notNull())
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .execute()
    await db.schema
      .createTable('administrator')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('organisation_id', 'text', column => column.references('organisation.id'))
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('role', 'text', column => column.notNull())
      .addColumn('token_hash', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('disabled_at', 'bigint', column => column.notNull())
      .execute()
    await db.schema
      .createTable('session')
      .addColumn('id_hash', 'text', column => column.primaryKey())
      .addColumn('administrator_id', 'text', column => column.notNull().references('administrator.id'))
      .addColumn('expires_at', 'bigint', column => column.notNull())
      .execute()
    await db.schema
      .createTable('api_key')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('organisation_id', 'text', column => column.notNull().references('organisation.id'))
      .addColumn('name', 'text', column => column.notNull())
      .addColumn('fund_id', 'text', column => column.notNull())
      .addColumn('wallet_id', 'text', column => column.notNull())
      .addColumn('scheme', 'text', column => column.notNull())
      .addColumn('public_key', 'text', column => column.notNull())
      .addColumn('sealed_passphrase', 'text', column => column.notNull())
      .addColumn('permissions', 'text', column => column.notNull())
      .addColumn('addresses', 'text', column => column.notNull())
      .addColumn('labels', 'text', column => column.notNull())
      .addColumn('state', 'text', column => column.notNull())
      .addColumn('imported', 'integer', column => column.notNull())
      .addColumn('short_secret', 'integer', column => column.notNull())
      .addColumn('expires_at', 'bigint', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('updated_at', 'bigint', column => column.notNull())
      .addColumn('last_used_at', 'bigint', column => column.notNull())
      .execute()
    // What a list is read by, newest first.
    await db.schema.createIndex('api_key_of').on('api_key').columns(['organisation_id', 'created_at', 'id']).execute()
    await db.schema
      .createTable('key_secret')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('key_id', 'text', column => column.notNull().references('api_key.id'))
      .addColumn('sealed', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('expires_at', 'bigint', column => column.notNull())
      .execute()
    await db.schema.createIndex('key_secret_of').on('key_secret').column('key_id').execute()
    await db.schema
      .createTable('audit')
      .addColumn('sequence', 'bigint', column => column.primaryKey())
      .addColumn('at', 'bigint', column => column.notNull())
      .addColumn('actor', 'text', column => column.notNull())
      .addColumn('organisation_id', 'text', column => column.notNull())
      .addColumn('action', 'text', column => column.notNull())
      .addColumn('subject', 'text', column => column.notNull())
      .addColumn('address', 'text', column => column.notNull())
      .addColumn('detail', 'text', column => column.notNull())
      .addColumn('previous_hash', 'text', column => column.notNull())
      .addColumn('hash', 'text', column => column.notNull())
      .execute()
    await db.schema.createIndex('audit_of').on('audit').columns(['organisation_id', 'sequence']).execute()
    await db.schema.createIndex('audit_about').on('audit').columns(['subject', 'sequence']).execute()
    await db.schema
      .createTable('audit_head')
      .addColumn('id', 'integer', column => column.primaryKey())
      .addColumn('sequence', 'bigint', column => column.notNull())
      .addColumn('hash', 'text', column => column.notNull())
      .execute()
    await db.schema
      .createTable('setting')
      .addColumn('name', 'text', column => column.primaryKey())
      .addColumn('value', 'text', column => column.notNull())
      .execute()
  },
}

const keyUse: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('key_use')
      .addColumn('key_id', 'text', column => column.notNull().references('api_key.id'))
      .addColumn('via', 'text', column => column.notNull())
      .addColumn('count', 'bigint', column => column.notNull())
      .addColumn('first_at', 'bigint', column => column.notNull())
      .addColumn('last_at', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('key_use_of', ['key_id', 'via'])
      .execute()
    await db.schema.createIndex('key_use_by').on('key_use').columns(['via', 'last_at']).execute()
  },
}

export const migrations: MigrationProvider = {
  getMigrations: () =>
    Promise.resolve({ '0001-first': first, '0002-key-use': keyUse, '0003-key-care': keyCare, '0004-days-and-sessions': daysAndSessions }),
}
