import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Who runs: one row per living process. Rewritten every few seconds, so its pages keep room for new row versions. */
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
