import { viewRef, type Manifest } from '@larder/features';
import { joinedTable, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import type { TrainingSetManifest } from './training-set-manifest.ts';

export interface UnknownView {
  /** `ad_image@1` */
  readonly ref: string;
  /** Its oldest event timestamp. Null: the history is empty; undefined: too large to look. */
  readonly begins: Date | null | undefined;
}

const MAX_LOOK_MS = 5_000;

/** The views of a set that have no row which any row of the set may see. */
export async function unknownViews(
  store: Pick<OfflineStore, 'transaction'>,
  manifest: Manifest,
  set: TrainingSetManifest,
): Promise<UnknownView[]> {
  const unknown = new Set(
    set.features.flatMap(({ view, version, not_found: notFound }) =>
      version !== null && notFound === set.spine.rows ? [`${view}@${version}`] : [],
    ),
  );
  const views = Object.values(manifest.feature_views).filter((view) => unknown.has(viewRef(view)));
  const found: UnknownView[] = [];
  for (const view of views) {
    const { schema, name } = joinedTable({ project: manifest }, { view });
    const begins = await store
      .transaction(async ({ db }) => {
        await sql`select set_config('statement_timeout', ${String(MAX_LOOK_MS)}, true)`.execute(db);
        const { rows } = await sql<{ begins: Date | null }>`
          select min(event_timestamp) as begins from ${sql.table(`${schema}.${name}`)}`.execute(db);
        return rows[0]?.begins ?? null;
      })
      .catch(() => undefined);
    found.push({ ref: viewRef(view), begins });
  }
  return found;
}
