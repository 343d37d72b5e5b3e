import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

export const predictions: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.predictions (
        prediction_id uuid not null,
        predicted_at timestamptz not null,
        project text not null,
        model text not null,
        version integer not null,
        entities jsonb not null,
        request jsonb not null,
        outputs jsonb not null,
        degraded boolean not null,
        degraded_reasons text[] not null,
        views jsonb not null,
        on_demand jsonb,
        latency_us integer not null,
        logged_at timestamptz not null default now(),
        primary key (predicted_at, prediction_id)
      ) partition by range (predicted_at)`.execute(db);
  },
};
