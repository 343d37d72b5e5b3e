import type { Manifest } from '@larder/features';
import { listSchedules } from '@larder/materialization/schedules';
import type { OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import type { Problem } from './problem.ts';
import { keyProblems } from './key-problems.ts';
import { processProblems, type ProcessStanding } from './process-problems.ts';
import { runProblems, type RunStanding } from './run-problems.ts';
import { upkeepProblems, type UpkeepStanding } from './upkeep-problems.ts';
import { viewProblems, type AgeStanding } from './view-problems.ts';

/** Everything that PostgreSQL knows about how a project does. */
export interface PostgresStanding {
  readonly processes: ProcessStanding;
  readonly views: AgeStanding;
  readonly runs: RunStanding;
  readonly upkeep: UpkeepStanding;
  readonly problems: readonly Problem[];
}

/**
 * A dozen bounded statements, none of which reads history or counts rows of chunks. The status and the webhook both tell
 * what this finds.
 */
export async function postgresStanding(
  store: Pick<OfflineStore, 'db'>,
  manifest: Manifest,
): Promise<PostgresStanding> {
  const { rows } = await sql<{ now: Date }>`select now() as now`.execute(store.db);
  const now = rows[0]?.now ?? new Date(Number.NaN);
  const schedules = await listSchedules(store, manifest.project);
  const [views, runs, processes, upkeep, keys] = [
    await viewProblems(store, manifest, now),
    await runProblems(store, manifest.project, { now, schedules }),
    await processProblems(store, manifest, { now, scheduled: schedules }),
    await upkeepProblems(store, manifest.project, now),
    await keyProblems(store, manifest.project, now),
  ];
  const problems = [views, runs, processes, upkeep].flatMap((part) => part.problems).concat(keys);
  return { views, runs, processes, upkeep, problems };
}
