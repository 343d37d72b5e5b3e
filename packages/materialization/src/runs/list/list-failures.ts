import { sql } from 'kysely';
import { cursorOf, positionOf } from './cursor.ts';
import { getRun } from './get-run.ts';
import type { RunStore } from '../run-store.ts';

export interface RunFailure {
  /** Null: a whole chunk failed or is being retried, or the row had no readable key. */
  readonly key: string | null;
  readonly code: string;
  readonly reason: string;
  readonly retryable: boolean;
  readonly attempts: number;
  /** False for a rejected row of a push: `retryFailed` cannot compute it again. */
  readonly rowKept: boolean;
  readonly failedAt: Date;
}

export interface ListFailuresOptions {
  readonly cursor?: string | undefined;
  /** @default 100 */
  readonly limit?: number | undefined;
}

/** Of a failure (table `larder.row_failures`): its row can be read again by its keys, or its chunk as a whole. */
export const ROW_KEPT = sql<boolean>`(row_failures.keys is not null or exists (
  select from larder.chunks c where c.chunk_id = row_failures.chunk_id and c.state <> 'done'))`;

/** Lists a page of the rows that failed in a run. @throws RUN_NOT_FOUND, REQUEST_INVALID when the cursor is not one of ours. */
export async function listFailures(
  store: RunStore,
  project: string,
  runId: string,
  options: ListFailuresOptions = {},
): Promise<{ failures: RunFailure[]; cursor: string | null }> {
  const limit = options.limit ?? 100;
  const run = await getRun(store, project, runId);
  const rows = await store.db
    .selectFrom('larder.row_failures')
    .select(['failure_id', 'entity_key', 'code', 'reason', 'retryable', 'attempts', 'failed_at'])
    .select(ROW_KEPT.as('row_kept'))
    .where('run_id', '=', run.runId)
    .where('failure_id', '>', options.cursor === undefined ? 0 : positionOf(options.cursor))
    .orderBy('failure_id')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    failures: page.map((row) => ({
      key: row.entity_key,
      code: row.code,
      reason: row.reason,
      retryable: row.retryable,
      attempts: row.attempts,
      rowKept: row.row_kept,
      failedAt: row.failed_at,
    })),
    cursor: rows.length > limit && last ? cursorOf(last.failure_id) : null,
  };
}
