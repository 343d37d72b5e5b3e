import { landedBefore, type OfflineStore, type PointInTimeJoin } from '@larder/offline-store';

export interface HistoryLimits {
  readonly landedBefore: Date;
  readonly revision: number;
}

/** Up to when history is complete for all joins of a build, and the newest revision of the project's runs. */
export async function historyLimits(
  store: Pick<OfflineStore, 'db'>,
  joins: readonly Pick<PointInTimeJoin, 'project' | 'views'>[],
  project: string,
): Promise<HistoryLimits> {
  const limits = await Promise.all(joins.map((join) => landedBefore(store, join)));
  const newest = await store.db
    .selectFrom('larder.runs')
    .select(({ fn }) => fn.max('revision').as('revision'))
    .where('project', '=', project)
    .executeTakeFirst();
  return {
    landedBefore: new Date(Math.min(Date.now(), ...limits.map((limit) => limit.getTime()))),
    revision: newest?.revision ?? 0,
  };
}
