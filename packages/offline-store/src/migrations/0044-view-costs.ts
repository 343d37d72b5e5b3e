import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** What a row of a view version costs, as workers measure it. */
export const viewCosts: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.view_costs (
        project text not null,
        view text not null,
        version integer not null,
        rows double precision not null,
        slot_seconds double precision not null,
        measured_at timestamptz not null default now(),
        primary key (project, view, version)
      )`.execute(db);
  },
};
