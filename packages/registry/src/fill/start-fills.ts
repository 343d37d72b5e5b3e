import { viewRef } from '@larder/features';
import { createBackfill, type RunStatus } from '@larder/materialization/runs';
import type { OfflineStore } from '@larder/offline-store';
import { appliedManifest } from '../applied/applied-manifest.ts';
import { viewsToFill } from './views-to-fill.ts';

/** A run that fills a view version. */
export interface StartedFill {
  readonly view: string;
  readonly run_id: string;
  readonly status: RunStatus;
}

/**
 * Queues a run over all rows for each applied view version that nothing has filled. Repeating it, also from another
 * machine at the same time, starts nothing twice: the applied manifest is part of each run's idempotency key.
 */
export async function startFills(store: OfflineStore, project: string): Promise<StartedFill[]> {
  const applied = await appliedManifest(store, project);
  if (applied === null) return [];
  const { id, manifest } = applied;
  const started: StartedFill[] = [];
  for (const view of await viewsToFill(store, manifest)) {
    const ref = viewRef(view);
    const run = await createBackfill(store, {
      manifest,
      view: ref,
      scope: { all: true },
      idempotencyKey: `apply ${id} ${ref}`,
    });
    started.push({ view: ref, run_id: run.runId, status: run.status });
  }
  return started;
}
