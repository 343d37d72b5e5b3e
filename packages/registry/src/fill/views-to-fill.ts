import { readViews, viewRef, type FeatureViewManifest, type Manifest } from '@larder/features';
import { sql } from 'kysely';
import { viewsInService } from '../aliases/views-in-service.ts';
import { OVER_ALL_ROWS } from '../coverage/view-coverage.ts';
import type { RegistryStore } from '../registry-store.ts';

/**
 * View versions that something reads and that nothing has filled: no row has landed, and no run over all rows was
 * queued that has not been cancelled. Windows are built by workers as soon as they are applied, and pushed rows have no
 * source to be read from: nobody needs to start anything for these.
 */
export async function viewsToFill(store: RegistryStore, manifest: Manifest): Promise<FeatureViewManifest[]> {
  const read = readViews(manifest, await viewsInService(store, manifest.project));
  const wanted = Object.values(manifest.feature_views).filter(
    (view) => read.has(viewRef(view)) && view.windowed === undefined && view.source.kind !== 'push',
  );
  const names = wanted.map(({ name, version }) => ({ view: name, version }));
  const { rows } = await sql<{ view: string; version: number }>`
    select wanted.view, wanted.version
    from jsonb_to_recordset(${JSON.stringify(names)}::jsonb) as wanted (view text, version integer)
    where not exists (select from larder.view_freshness f
        where f.project = ${manifest.project} and f.view = wanted.view and f.version = wanted.version
          and f.newest_landed_at is not null)
      and not exists (select from larder.runs r
        where r.project = ${manifest.project} and r.view = wanted.view and r.version = wanted.version
          and r.status <> 'cancelled' and (${OVER_ALL_ROWS} or (r.planned_at is null and r.trigger <> 'push'
            and r.row_limit is null and (r.scope @> '{"all": true}' or r.scope @> '{"missing": true}'))))`.execute(
    store.db,
  );
  const unfilled = new Set(rows.map(({ view, version }) => viewRef({ name: view, version })));
  return wanted.filter((view) => unfilled.has(viewRef(view)));
}
