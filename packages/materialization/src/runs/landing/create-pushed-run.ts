import { LarderError } from '@larder/core';
import { sql } from 'kysely';
import { fromNow, type ChunkAttempt, type RunStore } from '../run-store.ts';

export interface PushedRun {
  readonly runId: string;
  readonly project: string;
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly rows: number;
  /** What the caller is told; kept with the chunk, so that a repetition is told the same. */
  readonly answer: unknown;
  readonly idempotencyKey: string | null;
  readonly requestSha256: string;
  readonly leaseMs: number;
}

export interface CreatedPush extends ChunkAttempt {
  readonly runId: string;
  readonly revision: number;
}

/**
 * A run with its one chunk, already being landed. Only for the transaction that also lands it: nobody else ever sees the
 * chunk in this state, so no worker computes it. Null when the idempotency key has a run.
 */
export async function createPushedRun(tx: RunStore, push: PushedRun): Promise<CreatedPush | null> {
  const { rows } = await sql<CreatedPush>`
    with run as (
      insert into larder.runs (run_id, project, view, version, fingerprint, trigger, status, scope, priority, force,
        idempotency_key, request_sha256, planned_at, started_at)
      values (${push.runId}, ${push.project}, ${push.view}, ${push.version}, ${push.fingerprint}, 'push', 'running',
        '{"pushed": true}', 50, false, ${push.idempotencyKey}, ${push.requestSha256}, now(), now())
      on conflict (project, idempotency_key) do nothing
      returning run_id, revision
    )
    insert into larder.chunks (run_id, ordinal, bounds, state, attempt, rows_total, lease_expires_at, started_at)
    select run_id, 0, jsonb_build_object('kind', 'pushed', 'answer', ${JSON.stringify(push.answer)}::jsonb), 'running', 1,
      ${push.rows}, ${fromNow(push.leaseMs)}, now()
    from run
    returning chunk_id as "chunkId", attempt, run_id as "runId", (select revision from run) as revision`.execute(
    tx.db,
  );
  return rows[0] ?? null;
}

export interface EarlierPush {
  readonly runId: string;
  readonly answer: unknown;
  /** The online store has its rows. */
  readonly done: boolean;
}

/** The push that came with this key before. @throws IDEMPOTENCY_KEY_REUSED the key came with another request. */
export async function earlierPush(
  store: RunStore,
  push: Pick<PushedRun, 'project' | 'idempotencyKey' | 'requestSha256'>,
): Promise<EarlierPush> {
  const { rows } = await sql<EarlierPush & { requestSha256: string }>`
    select r.run_id as "runId", r.request_sha256 as "requestSha256", c.bounds -> 'answer' as answer, c.state = 'done' as done
    from larder.runs r left join larder.chunks c on c.run_id = r.run_id and c.ordinal = 0
    where r.project = ${push.project} and r.idempotency_key = ${push.idempotencyKey}`.execute(store.db);
  const [earlier] = rows;
  if (earlier === undefined) throw new Error('A push met a run with its key that is gone.');
  if (earlier.requestSha256 === push.requestSha256) return earlier;
  throw new LarderError(
    'IDEMPOTENCY_KEY_REUSED',
    `This Idempotency-Key started run ${earlier.runId} with another request; use a new key.`,
  );
}
