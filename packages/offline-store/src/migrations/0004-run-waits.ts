import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Columns for what a run waits for besides its chunks: a worker that has its code, and failed rows that are retried. */
export const runWaits: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.runs add column code_seen_at timestamptz`.execute(db);
    await sql`alter table larder.row_failures add column retry_at timestamptz`.execute(db);
    await sql`create index row_failures_waiting on larder.row_failures (run_id, retry_at) where retry_at is not null`.execute(
      db,
    );
  },
};
