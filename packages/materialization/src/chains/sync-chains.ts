import { followedParents, readViews, viewRef, type Manifest, type ServedView } from '@larder/features';
import { newestCursor, type StoreTransaction } from '@larder/offline-store';

/**
 * Makes the views that are computed from others, and that something reads, follow the feed from now on. Called in the
 * transaction that applies the manifest: rows that land later are not missed, and those before need a backfill.
 */
export async function syncChainsIn(
  { db }: Pick<StoreTransaction, 'db'>,
  manifest: Manifest,
  inService: Iterable<ServedView> = [],
): Promise<void> {
  const { project } = manifest;
  const read = readViews(manifest, inService);
  const chained = Object.values(manifest.feature_views)
    .filter((view) => followedParents(manifest, view).length > 0 && read.has(viewRef(view)))
    .sort((one, other) => (viewRef(one) < viewRef(other) ? -1 : 1));
  const known = await db
    .selectFrom('larder.chains')
    .select(['view', 'version'])
    .where('project', '=', project)
    .orderBy('view')
    .orderBy('version')
    .forUpdate()
    .execute();
  const cursor = await newestCursor({ db }, project);
  for (const { name: view, version, fingerprint } of chained)
    await db
      .insertInto('larder.chains')
      .values({ project, view, version, fingerprint, cursor })
      .onConflict((conflict) => conflict.columns(['project', 'view', 'version']).doUpdateSet({ fingerprint }))
      .execute();
  for (const { view, version } of known)
    if (!chained.some((each) => each.name === view && each.version === version))
      await db
        .deleteFrom('larder.chains')
        .where('project', '=', project)
        .where('view', '=', view)
        .where('version', '=', version)
        .execute();
}
