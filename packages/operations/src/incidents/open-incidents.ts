import type { OfflineStore } from '@larder/offline-store';

/** When each open incident was noticed, by kind and subject. */
export async function openIncidents(
  store: Pick<OfflineStore, 'db'>,
  project: string,
): Promise<ReadonlyMap<string, Date>> {
  const rows = await store.db
    .selectFrom('larder.incidents')
    .select(['kind', 'subject', 'since'])
    .where('project', '=', project)
    .where('resolved_at', 'is', null)
    .execute();
  return new Map(rows.map(({ kind, subject, since }) => [`${kind} ${subject}`, since]));
}
