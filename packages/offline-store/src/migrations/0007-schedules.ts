import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The active schedules and when each is due next. */
export const schedules: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.schedules (
        project text not null,
        view text not null,
        version integer not null,
        fingerprint text not null,
        schedule jsonb not null,
        due_at timestamptz,
        last_due_at timestamptz,
        last_outcome text,
        runs_queued bigint not null default 0,
        runs_left_out bigint not null default 0,
        runs_skipped bigint not null default 0,
        primary key (project, view, version)
      )`.execute(db);
  },
};
