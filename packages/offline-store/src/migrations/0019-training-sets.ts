import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Training sets that were built: what each holds, its statistics as a baseline, and which keys are in it. */
export const trainingSets: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.training_sets (
        training_set_id uuid primary key,
        project text not null,
        model text,
        model_version integer,
        status text not null default 'building' check (status in ('building', 'complete', 'failed')),
        request jsonb not null,
        manifest jsonb,
        statistics jsonb,
        key_hashes bytea check (length(key_hashes) % 8 = 0),
        host text not null,
        pid integer not null,
        folder text not null,
        actor text not null,
        created_at timestamptz not null default now(),
        finished_at timestamptz,
        error_code text,
        error_reason text,
        check ((status = 'building') = (finished_at is null)),
        check (status <> 'complete' or (manifest is not null and statistics is not null))
      )`.execute(db);
    await sql`
      create index training_sets_by_time on larder.training_sets (project, created_at desc, training_set_id)`.execute(
      db,
    );
    await sql`
      create index training_sets_building on larder.training_sets (host) where status = 'building'`.execute(
      db,
    );
  },
};
