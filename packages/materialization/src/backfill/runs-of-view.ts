import { isLarderError } from '@larder/core';
import { findFeatureView, type Manifest } from '@larder/features';
import { listRuns, type ListRunsOptions } from '../runs/list/list-runs.ts';
import type { RunStore } from '../runs/run-store.ts';

export type RunsOfView = Pick<ListRunsOptions, 'view' | 'version'>;

/**
 * Resolves a view name to its runs: `ad_image` means every version, `ad_image@1` this one, also of a removed view.
 * @throws VIEW_NOT_FOUND when no such view is applied, and none has runs.
 */
export async function runsOfView(
  store: RunStore,
  manifest: Pick<Manifest, 'project' | 'feature_views'>,
  name: string,
): Promise<RunsOfView> {
  try {
    const { name: view, version } = findFeatureView(manifest, name);
    return name.includes('@') ? { view, version } : { view };
  } catch (error) {
    const removed = isLarderError(error) && error.code === 'VIEW_NOT_FOUND' ? asWritten(name) : null;
    if (removed === null) throw error;
    const { runs } = await listRuns(store, manifest.project, { ...removed, limit: 1 });
    if (runs.length === 0) throw error;
    return removed;
  }
}

function asWritten(name: string): RunsOfView | null {
  const parts = /^([a-z][a-z0-9_]{0,39})(?:@(\d{1,9}))?$/.exec(name);
  if (!parts) return null;
  const [, view, version] = parts;
  return version === undefined ? { view } : { view, version: Number(version) };
}
