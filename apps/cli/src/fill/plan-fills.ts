import { isLarderError } from '@larder/core';
import { viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { estimateFills, viewsToFill, type FillEstimate, type Plan } from '@larder/registry';
import { connectionSetting, createSources } from '@larder/sources';
import type { Session } from '../session.ts';

const CONNECTIONS = 4;
/** All sources are counted at the same time; a plan does not wait longer for them. */
const COUNT_TIMEOUT_MS = 10_000;

/** What filling the view versions takes that nothing has filled yet. Empty on a database that apply has to migrate first. */
export async function planFills(
  { config, offlineStore, signal, project }: Session,
  manifest: Manifest,
  { pendingMigrations }: Pick<Plan, 'pendingMigrations'>,
): Promise<FillEstimate[]> {
  if (pendingMigrations.length > 0) return [];
  const store = await offlineStore();
  const views = await viewsToFill(store, manifest);
  if (views.length === 0) return [];
  const { root } = await project();
  const sources = createSources({ root, connections: config.connections, maxConnections: CONNECTIONS });
  const ended = AbortSignal.any([signal, AbortSignal.timeout(COUNT_TIMEOUT_MS)]);
  try {
    return await estimateFills(store, { manifest, views, countRows });
  } finally {
    await sources.close();
  }

  async function countRows(view: FeatureViewManifest): Promise<number> {
    const entity = manifest.entities[view.entity];
    if (entity === undefined) throw new Error(`${viewRef(view)} has no entity.`);
    try {
      const source = await sources.open(view, entity);
      const chunks = await source.plan(
        { scope: { kind: 'all' }, chunkRows: view.chunk_rows, limit: null },
        ended,
      );
      return chunks.reduce((sum, { rows }) => sum + rows, 0);
    } catch (error) {
      if (isLarderError(error) && error.code === 'SOURCE_NOT_CONFIGURED')
        throw new Error(`its connection has no address here: ${connectionSetting(view.source)}`, {
          cause: error,
        });
      if (ended.aborted && !signal.aborted)
        throw new Error(`its source was not counted within ${COUNT_TIMEOUT_MS / 1_000} s`, { cause: error });
      throw error;
    }
  }
}
