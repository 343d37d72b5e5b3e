import { syncChainsIn } from '@larder/materialization/chains';
import { syncSchedulesIn } from '@larder/materialization/schedules';
import type { OfflineStore } from '@larder/offline-store';
import { viewsInService } from '../aliases/views-in-service.ts';
import { appliedManifest } from './applied-manifest.ts';

/**
 * Sets the schedules of what is applied and served now: an alias may have moved, or a version of Larder that kept them
 * elsewhere applied it. Takes the lock of an apply: none comes between reading the manifest and setting its schedules.
 */
export async function ensureSchedules(store: OfflineStore, project: string): Promise<void> {
  await store.transaction(async (tx) => {
    await tx.client.query('lock table larder.manifests in share row exclusive mode');
    const applied = await appliedManifest(tx, project);
    if (applied === null) return;
    const inService = await viewsInService(tx, project);
    await syncSchedulesIn(tx, applied.manifest, inService);
    await syncChainsIn(tx, applied.manifest, inService);
  });
}
