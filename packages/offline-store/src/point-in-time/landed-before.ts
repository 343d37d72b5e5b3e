import { historyTable } from '../history/history-table.ts';
import type { OfflineStore } from '../offline-store.ts';
import type { PointInTimeJoin } from './point-in-time.ts';
import { settledBefore } from './settled-before.ts';

/**
 * An instant before which nothing lands any more in the views' histories. `landed_at` is the start of the landing's
 * transaction, so a join over rows with `landed_at` before this instant gives the same rows whenever it is repeated.
 */
export function landedBefore(
  store: Pick<OfflineStore, 'db'>,
  join: Pick<PointInTimeJoin, 'project' | 'views'>,
): Promise<Date> {
  const histories = join.views.map(({ view }) => {
    const { schema, name } = historyTable(join.project, view);
    return `"${schema}"."${name}"`;
  });
  // A landing locks its chunk first.
  return settledBefore(store, ['larder.chunks', ...histories]);
}
