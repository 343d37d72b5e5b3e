import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The span of the request that queued a run, which its chunks belong to. */
export const traces: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table larder.runs add column traceparent text`.execute(db);
  },
};
