import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** One row per live process. Rows are updated every few seconds, so pages keep free space for new row versions. */
export const processes: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.processes (
        process_id text primary key,
        project text not null,
        role text not null,
        host text not null,
        pid integer not null,
        larder_version text not null,
        views jsonb not null,
        models jsonb not null,
        slots integer,
        started_at timestamptz not null,
        heartbeat_at timestamptz not null
      ) with (fillfactor = 50)`.execute(db);
  },
};
