import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Append-only. `received_at` is taken when the row is inserted, not when its transaction began: a reader that knows
 * which transactions were writing knows that no row appears later with an earlier time.
 */
export const labels: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.labels (
        label_id bigint generated always as identity primary key,
        project text not null,
        name text not null,
        source text not null,
        event_id text not null,
        prediction_id uuid,
        entity text,
        entity_key text,
        key_hashed boolean not null default false,
        event_timestamp timestamptz not null,
        value jsonb check (jsonb_typeof(value) in ('boolean', 'number', 'string')),
        corrects_event_id text,
        weight double precision not null default 1,
        received_at timestamptz not null default clock_timestamp(),
        unique (project, source, event_id),
        check ((entity is null) = (entity_key is null)),
        check ((prediction_id is null) = (entity is not null))
      )`.execute(db);
    await sql`
      create index labels_by_prediction on larder.labels (project, prediction_id, name)
        where prediction_id is not null`.execute(db);
    await sql`
      create index labels_by_key on larder.labels (project, entity, entity_key, name, event_timestamp)
        where entity is not null`.execute(db);
    await sql`
      create index labels_by_time on larder.labels (project, name, event_timestamp)
        where entity is not null`.execute(db);
    await sql`
      create index labels_corrections on larder.labels (project, source, corrects_event_id)
        where corrects_event_id is not null`.execute(db);
    await sql`
      create index labels_of_text on larder.labels (project, name)
        where jsonb_typeof(value) = 'string'`.execute(db);
  },
};
