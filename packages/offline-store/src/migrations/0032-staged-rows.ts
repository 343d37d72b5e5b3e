import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Pushed rows that wait to be computed. */
export const stagedRows: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.staged_rows (
        run_id uuid not null references larder.runs on delete cascade,
        ordinal integer not null,
        entity_key text not null,
        columns jsonb not null,
        primary key (run_id, ordinal)
      ) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)`.execute(db);
    await sql`create index staged_rows_key on larder.staged_rows (entity_key)`.execute(db);
  },
};
