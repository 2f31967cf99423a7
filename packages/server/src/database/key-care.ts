import { type Kysely, type Migration, sql } from 'kysely'

/** When each secret was used; public keys that end after a rotation; ceilings of organisations; tokens that end. */
export const keyCare: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .alterTable('key_secret')
      .addColumn('last_used_at', 'bigint', column => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .createTable('key_public')
      .addColumn('id', 'text', column => column.primaryKey())
      .addColumn('key_id', 'text', column => column.notNull().references('api_key.id'))
      .addColumn('pem', 'text', column => column.notNull())
      .addColumn('created_at', 'bigint', column => column.notNull())
      .addColumn('expires_at', 'bigint', column => column.notNull())
      .addColumn('last_used_at', 'bigint', column => column.notNull())
      .execute()
    await sql`insert into key_public (id, key_id, pem, created_at, expires_at, last_used_at)
      select id, id, public_key, created_at, 0, last_used_at from api_key where public_key <> ''`.execute(db)
    await db.schema.createIndex('key_public_of').on('key_public').column('key_id').execute()
    await db.schema
      .alterTable('organisation')
      .addColumn('ceilings', 'text', column => column.notNull().defaultTo('{}'))
      .execute()
    await db.schema
      .alterTable('administrator')
      .addColumn('expires_at', 'bigint', column => column.notNull().defaultTo(0))
      .execute()
    await db.schema
      .alterTable('administrator')
      .addColumn('previous_token_hash', 'text', column => column.notNull().defaultTo(''))
      .execute()
    await db.schema
      .alterTable('administrator')
      .addColumn('previous_expires_at', 'bigint', column => column.notNull().defaultTo(0))
      .execute()
  },
}
