import { sql } from 'kysely';
import { fromNow, type ChunkAttempt, type RunStore } from '../run-store.ts';

export interface PushedRun {
  readonly runId: string;
  readonly project: string;
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly rows: number;
  readonly leaseMs: number;
}

export interface CreatedPush extends ChunkAttempt {
  readonly runId: string;
  readonly revision: number;
}

/**
 * A run with its one chunk, already being landed. Only for the transaction that also lands it: nobody else ever sees the
 * chunk in this state, so no worker computes it. Idempotency keys belong to the pushes that share the run.
 */
export async function createPushedRun(tx: RunStore, push: PushedRun): Promise<CreatedPush> {
  const { rows } = await sql<CreatedPush>`
    with run as (
      insert into larder.runs (run_id, project, view, version, fingerprint, trigger, status, scope, priority, force,
        request_sha256, planned_at, started_at)
      values (${push.runId}, ${push.project}, ${push.view}, ${push.version}, ${push.fingerprint}, 'push', 'running',
        '{"pushed": true}', 50, false, '', now(), now())
      returning run_id, revision
    )
    insert into larder.chunks (run_id, ordinal, bounds, state, attempt, rows_total, lease_expires_at, started_at)
    select run_id, 0, '{"kind": "pushed"}', 'running', 1, ${push.rows}, ${fromNow(push.leaseMs)}, now()
    from run
    returning chunk_id as "chunkId", attempt, run_id as "runId", (select revision from run) as revision`.execute(
    tx.db,
  );
  const [created] = rows;
  if (created === undefined) throw new Error('A run of pushed rows was not created.');
  return created;
}
