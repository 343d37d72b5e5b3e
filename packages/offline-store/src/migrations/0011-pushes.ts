import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * Pushes with an Idempotency-Key: they share runs, so that a run's own key no longer identifies one of them.
 * The reference is checked at commit, because keys are taken before the run is created; a key is deleted with its run.
 */
export const pushes: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table larder.pushes (
        project text not null,
        idempotency_key text not null,
        request_sha256 text not null,
        run_id uuid not null references larder.runs on delete cascade deferrable initially deferred,
        answer jsonb not null,
        created_at timestamptz not null default now(),
        primary key (project, idempotency_key)
      )`.execute(db);
    await sql`create index pushes_of_run on larder.pushes (run_id)`.execute(db);
    await sql`
      insert into larder.pushes (project, idempotency_key, request_sha256, run_id, answer, created_at)
      select r.project, r.idempotency_key, r.request_sha256, r.run_id, c.bounds -> 'answer', r.created_at
      from larder.runs r join larder.chunks c on c.run_id = r.run_id and c.ordinal = 0
      where r.trigger = 'push' and r.idempotency_key is not null and c.bounds ? 'answer'`.execute(db);
  },
};
