import { listRuns } from '@larder/materialization/runs';
import type { OfflineStore } from '@larder/offline-store';
import type { versionJson } from '@larder/registry';

/** Of views that lack coverage: id of the newest run that ended with failed rows, by reference. */
export async function failedRuns(
  store: OfflineStore,
  project: string,
  versions: readonly Pick<ReturnType<typeof versionJson>, 'coverage'>[],
): Promise<ReadonlyMap<string, string>> {
  const refs = new Set(
    versions.flatMap(({ coverage }) =>
      (coverage?.views ?? []).flatMap(({ ref, share }) => (share < (coverage?.wanted ?? 0) ? [ref] : [])),
    ),
  );
  const found = new Map<string, string>();
  for (const ref of refs) {
    const [view, version] = ref.split('@');
    const { runs } = await listRuns(store, project, { view, version: Number(version), limit: 20 });
    const ended = runs.find(({ finishedAt, rows }) => finishedAt !== null && rows.failed > 0);
    if (ended !== undefined && runs.every(({ finishedAt }) => finishedAt !== null))
      found.set(ref, ended.runId);
  }
  return found;
}
