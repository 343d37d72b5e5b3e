import type { OfflineStore } from '../offline-store.ts';
import { joinedTable } from './joined-table.ts';
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
  const histories = join.views.map((joined) => {
    const { schema, name } = joinedTable(join, joined);
    return `"${schema}"."${name}"`;
  });
  // A landing locks its chunk first.
  return settledBefore(store, ['larder.chunks', ...histories]);
}
