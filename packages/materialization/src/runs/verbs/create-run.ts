import { LarderError } from '@larder/core';
import { activeTraceparent } from '@larder/core/tracing';
import type { RunScope, RunStatus, RunTrigger } from '@larder/offline-store';
import type { RunStore } from '../run-store.ts';

export interface NewRun {
  readonly runId: string;
  readonly project: string;
  readonly view: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly trigger: RunTrigger;
  readonly scope: RunScope;
  readonly rowLimit: number | null;
  readonly priority: number;
  readonly maxRowsPerSecond: number | null;
  readonly force: boolean;
  readonly idempotencyKey: string | null;
  /** Hash of the request's meaning: distinguishes a retry from another request with the same key. */
  readonly requestSha256: string;
}

/**
 * Queues a run; a repeated idempotency key returns the existing run.
 * @throws IDEMPOTENCY_KEY_REUSED when the key was used for another request.
 */
export async function createRun(store: RunStore, run: NewRun): Promise<{ runId: string; status: RunStatus }> {
  const pushed = await runOfPushKey(store, run);
  if (pushed !== undefined) throw keyReused(pushed);
  const inserted = await store.db
    .insertInto('larder.runs')
    .values({
      run_id: run.runId,
      project: run.project,
      view: run.view,
      version: run.version,
      fingerprint: run.fingerprint,
      trigger: run.trigger,
      scope: JSON.stringify(run.scope),
      row_limit: run.rowLimit,
      priority: run.priority,
      max_rows_per_second: run.maxRowsPerSecond,
      force: run.force,
      idempotency_key: run.idempotencyKey,
      request_sha256: run.requestSha256,
      traceparent: activeTraceparent(),
    })
    .onConflict((conflict) => conflict.columns(['project', 'idempotency_key']).doNothing())
    .returning(['run_id', 'status'])
    .executeTakeFirst();
  if (inserted) return { runId: inserted.run_id, status: inserted.status };
  const existing = await store.db
    .selectFrom('larder.runs')
    .select(['run_id', 'status', 'request_sha256'])
    .where('project', '=', run.project)
    .where('idempotency_key', '=', run.idempotencyKey)
    .executeTakeFirstOrThrow();
  if (existing.request_sha256 !== run.requestSha256) throw keyReused(existing.run_id);
  return { runId: existing.run_id, status: existing.status };
}

/** Pushes share runs, so their keys are in a table of their own. */
async function runOfPushKey(
  store: RunStore,
  { project, idempotencyKey }: NewRun,
): Promise<string | undefined> {
  if (idempotencyKey === null) return undefined;
  const push = await store.db
    .selectFrom('larder.pushes')
    .select('run_id')
    .where('project', '=', project)
    .where('idempotency_key', '=', idempotencyKey)
    .executeTakeFirst();
  return push?.run_id;
}

function keyReused(runId: string): LarderError {
  return new LarderError(
    'IDEMPOTENCY_KEY_REUSED',
    `This Idempotency-Key started run ${runId} with another request; use a new key.`,
  );
}
