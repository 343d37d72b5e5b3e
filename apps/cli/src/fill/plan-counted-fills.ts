import { isLarderError } from '@larder/core';
import { parentsOf, viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { historySource } from '@larder/materialization/chains';
import { definedModelRows } from '@larder/materialization/predictions';
import { appliedManifest, planFills, type FillEstimate, type Plan } from '@larder/registry';
import { connectionSetting, createSources } from '@larder/sources';
import type { Session } from '../session.ts';

const CONNECTIONS = 4;
/** All sources are counted at the same time; a plan does not wait longer for them. */
const COUNT_TIMEOUT_MS = 10_000;

/** The fills of a plan, with the rows that the sources have now. */
export async function planCountedFills(
  { config, offlineStore, signal, project }: Session,
  manifest: Manifest,
  plan: Plan,
): Promise<FillEstimate[]> {
  const store = await offlineStore();
  const { root } = await project();
  // Null also on a database that apply has to migrate first: nothing is counted there.
  const applied = plan.pendingMigrations.length > 0 ? null : await appliedManifest(store, manifest.project);
  const history = historySource(store, () => manifest);
  const sources = createSources({
    root,
    connections: config.connections,
    maxConnections: CONNECTIONS,
    history,
    modelRows: definedModelRows(manifest, history),
  });
  const ended = AbortSignal.any([signal, AbortSignal.timeout(COUNT_TIMEOUT_MS)]);
  try {
    return await planFills(store, { manifest, plan, countRows });
  } finally {
    await sources.close();
  }

  async function countRows(view: FeatureViewManifest): Promise<number> {
    const entity = manifest.entities[view.entity];
    if (entity === undefined) throw new Error(`${viewRef(view)} has no entity.`);
    const absent = parentsOf(manifest, view)
      .map(viewRef)
      .filter((ref) => applied?.manifest.feature_views[ref] === undefined);
    if (absent.length > 0)
      throw new Error(
        `${absent.join(', ')}, which it is computed from, ${absent.length === 1 ? 'is' : 'are'} not applied yet`,
      );
    try {
      const source = await sources.open(view, entity);
      const chunks = await source.plan(
        { scope: { kind: 'all' }, chunkRows: view.chunk_rows, limit: null },
        ended,
      );
      return chunks.reduce((sum, { rows }) => sum + rows, 0);
    } catch (error) {
      if (
        isLarderError(error) &&
        error.code === 'SOURCE_NOT_CONFIGURED' &&
        view.source.connection !== undefined
      )
        throw new Error(`its connection has no address here: ${connectionSetting(view.source)}`, {
          cause: error,
        });
      if (ended.aborted && !signal.aborted)
        throw new Error(`its source was not counted within ${COUNT_TIMEOUT_MS / 1_000} s`, { cause: error });
      throw error;
    }
  }
}
