import { formatDurationMs } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { listRuns } from '@larder/materialization/runs';
import { expiredHistory, pendingMigrations, type OfflineStore } from '@larder/offline-store';
import { appliedManifest } from '@larder/registry';
import type { Session } from '../session.ts';
import { ok, warn, type Finding } from './check.ts';

/** Runs that wait for a decision, and history that outlives its retention. Silent where another check says why it cannot look. */
export async function checkHistory({ config, definitions, ...session }: Session): Promise<Finding[]> {
  if (config.databaseUrl === null) return [];
  try {
    const store = await session.offlineStore();
    if ((await pendingMigrations(store)).length > 0) return [];
    const { name } = await definitions();
    const applied = await appliedManifest(store, name);
    if (applied === null) return [];
    return [...(await heldRuns(store, name)), ...(await retentions(store, applied.manifest))];
  } catch {
    return [];
  }
}

async function heldRuns(store: OfflineStore, project: string): Promise<Finding[]> {
  const { runs } = await listRuns(store, project, { status: 'held' });
  return runs.map(({ runId, view, version, error }) =>
    warn(
      `held run of ${view}@${version}`,
      error?.reason ?? 'it waits for somebody',
      `Look: larder runs ${runId}`,
    ),
  );
}

async function retentions(store: OfflineStore, manifest: Manifest): Promise<Finding[]> {
  const limited = Object.values(manifest.feature_views).filter(
    (view) => view.retention_ms !== undefined,
  ) as (FeatureViewManifest & { readonly retention_ms: number })[];
  return Promise.all(
    limited.map(async (view) => {
      const check = `history of ${viewRef(view)}`;
      const months = (await expiredHistory(store, manifest, view)).length;
      const kept = `kept for ${formatDurationMs(view.retention_ms)}`;
      return months === 0
        ? ok(check, kept)
        : warn(
            check,
            `${kept}, and ${months === 1 ? 'one older month is' : `${months} older months are`} still there`,
            'A worker drops them when nothing uses the table; end long queries on it, and see that a worker runs: larder ps',
          );
    }),
  );
}
