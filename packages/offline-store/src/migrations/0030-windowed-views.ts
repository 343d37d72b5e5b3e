import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Windowed views: events and tiles have tables of their own per source and view. */
export const windowedViews: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.windowed_views (
        project text not null,
        view text not null,
        version integer not null,
        event_source text not null,
        definition jsonb not null,
        recorded_at timestamptz not null default now(),
        built_at timestamptz,
        primary key (project, view, version)
      )`.execute(db);
    await sql`create index windowed_views_of_source on larder.windowed_views (project, event_source)`.execute(
      db,
    );
  },
};
