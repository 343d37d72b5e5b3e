import { isDeepStrictEqual } from 'node:util';
import {
  nextDue,
  readViews,
  viewRef,
  type FeatureViewManifest,
  type Manifest,
  type ServedView,
} from '@larder/features';
import type { StoreTransaction } from '@larder/offline-store';
import { sql } from 'kysely';

/**
 * Updates the schedules to those of the manifest, for view versions that something reads. Called in the transaction that
 * applies the manifest, or under its lock, so that an older manifest never overwrites a newer one.
 * A due time that has come and was not taken yet is not lost when its schedule changes.
 */
export async function syncSchedulesIn(
  { db }: Pick<StoreTransaction, 'db'>,
  manifest: Manifest,
  inService: Iterable<ServedView> = [],
): Promise<void> {
  const { project } = manifest;
  const standing = await db
    .selectFrom('larder.schedules')
    .select(['view', 'version', 'fingerprint', 'schedule', 'due_at'])
    .where('project', '=', project)
    .orderBy('view')
    .orderBy('version')
    .forUpdate()
    .execute();
  const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(db);
  const now = rows[0]?.now ?? new Date(Number.NaN);
  const known = new Map(standing.map((row) => [viewRef({ name: row.view, version: row.version }), row]));
  for (const { name: view, version, fingerprint, schedule } of scheduledViews(manifest, inService)) {
    const row = known.get(viewRef({ name: view, version }));
    known.delete(viewRef({ name: view, version }));
    const same = row !== undefined && isDeepStrictEqual(row.schedule, schedule);
    if (same && row.fingerprint === fingerprint) continue;
    const keepsDue = row !== undefined && (same || (row.due_at !== null && row.due_at <= now));
    const set = {
      fingerprint,
      schedule: JSON.stringify(schedule),
      due_at: keepsDue ? row.due_at : await nextDue(schedule, now),
    };
    await db
      .insertInto('larder.schedules')
      .values({ project, view, version, ...set, last_due_at: null, last_outcome: null })
      .onConflict((conflict) => conflict.columns(['project', 'view', 'version']).doUpdateSet(set))
      .execute();
  }
  for (const { view, version } of known.values())
    await db
      .deleteFrom('larder.schedules')
      .where('project', '=', project)
      .where('view', '=', view)
      .where('version', '=', version)
      .execute();
}

type ScheduledView = FeatureViewManifest & {
  readonly schedule: NonNullable<FeatureViewManifest['schedule']>;
};

function scheduledViews(manifest: Manifest, inService: Iterable<ServedView>): ScheduledView[] {
  const read = readViews(manifest, inService);
  return Object.values(manifest.feature_views).filter(
    (view): view is ScheduledView => view.schedule !== null && read.has(viewRef(view)),
  );
}
