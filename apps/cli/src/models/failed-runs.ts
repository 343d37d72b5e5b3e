import type { ModelVersionAnswer, Run } from '@larder/contracts';
import { isLarderError } from '@larder/core';
import type { RunsControl } from '../control/control.ts';

/** Of views that lack coverage: id of the newest run that ended with failed rows, by reference. */
export async function failedRuns(
  runs: () => Promise<Pick<RunsControl, 'list'>>,
  versions: readonly Pick<ModelVersionAnswer, 'coverage'>[],
): Promise<ReadonlyMap<string, string>> {
  const refs = new Set(
    versions.flatMap(({ coverage }) =>
      (coverage?.views ?? []).flatMap(({ ref, share }) => (share < (coverage?.wanted ?? 0) ? [ref] : [])),
    ),
  );
  const found = new Map<string, string>();
  for (const ref of refs) {
    const newest = await newestRuns(await runs(), ref);
    const ended = newest.find(({ finished_at: at, rows }) => at !== null && rows.failed > 0);
    if (ended !== undefined && newest.every(({ finished_at: at }) => at !== null))
      found.set(ref, ended.run_id);
  }
  return found;
}

/** None for a view without any, and for who may not see runs: they are a hint. */
async function newestRuns(runs: Pick<RunsControl, 'list'>, ref: string): Promise<readonly Run[]> {
  try {
    return (await runs.list({ view: ref, limit: 20 })).runs;
  } catch (error) {
    if (isLarderError(error) && (error.code === 'VIEW_NOT_FOUND' || error.code === 'SCOPE_MISSING'))
      return [];
    throw error;
  }
}
