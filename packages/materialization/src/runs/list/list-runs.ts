import { sql } from 'kysely';
import { cursorOf, positionOf } from './cursor.ts';
import type { RunStore } from '../run-store.ts';
import { selectSummaries, type RunSummary } from './run-summary.ts';
import type { RunStatus } from '@larder/offline-store';

export interface ListRunsOptions {
  readonly view?: string | undefined;
  /** Version of the view. @default all */
  readonly version?: number | undefined;
  readonly status?: RunStatus | undefined;
  readonly cursor?: string | undefined;
  /** @default 50 */
  readonly limit?: number | undefined;
}

/** Lists a page of runs, newest first. @throws REQUEST_INVALID when the cursor is not one of ours. */
export async function listRuns(
  store: RunStore,
  project: string,
  options: ListRunsOptions = {},
): Promise<{ runs: RunSummary[]; cursor: string | null }> {
  const limit = options.limit ?? 50;
  const conditions = [sql`r.project = ${project}`];
  if (options.view !== undefined) conditions.push(sql`r.view = ${options.view}`);
  if (options.version !== undefined) conditions.push(sql`r.version = ${options.version}`);
  if (options.status !== undefined) conditions.push(sql`r.status = ${options.status}`);
  if (options.cursor !== undefined) conditions.push(sql`r.revision < ${positionOf(options.cursor)}`);
  const runs = await selectSummaries(store, sql<boolean>`${sql.join(conditions, sql` and `)}`, limit + 1);
  const page = runs.slice(0, limit);
  const last = page.at(-1);
  return { runs: page, cursor: runs.length > limit && last ? cursorOf(last.revision) : null };
}
