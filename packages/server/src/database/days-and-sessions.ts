import type { Kysely, Migration } from 'kysely'

/** How often keys were used and refused, by day and by secret; and which token a session was begun with. */
export const daysAndSessions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('key_day')
      .addColumn('key_id', 'text', column => column.notNull().references('api_key.id'))
      .addColumn('day', 'bigint', column => column.notNull())
      .addColumn('credential', 'text', column => column.notNull())
      .addColumn('calls', 'bigint', column => column.notNull())
      .addColumn('refusals', 'bigint', column => column.notNull())
      .addPrimaryKeyConstraint('key_day_of', ['key_id', 'day', 'credential'])
      .execute()
    // What is too old is removed by it.
    await db.schema.createIndex('key_day_on').on('key_day').column('day').execute()
    await db.schema
      .alterTable('session')
      .addColumn('token_hash', 'text', column => column.notNull().defaultTo(''))
      .execute()
  },
}
