import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

/** Limit of one statement; the rest follows at once. */
const MAX_CHANGES = 2_000;

export interface NumberingTurn {
  /** True when another process was numbering; changes that it did not see are still unnumbered. */
  readonly busy: boolean;
  readonly taken: number;
  readonly more: boolean;
  /** All changes of transactions before this one are numbered. */
  readonly fromXid: string;
}

/**
 * Assigns positions to committed changes, dense per project; updates the freshness of the views and notifies the
 * listeners of channel `larder_changes` (payload: the project).
 * A transaction that began after another one had ended comes after it. It is one statement, so that no client can die,
 * freeze or lose its session while it holds the lock, and so that it works through a transaction pooler; and a function
 * of the database (`0012-number-changes.ts`), which plans it once per session instead of at every turn. The lock makes
 * other sequencers skip their turn; the order is kept by the row of the feed, which is locked until the commit.
 *
 * @param fromXid `fromXid` of the previous turn; '0' reads everything. Without it, a snapshot that keeps vacuum from
 * removing rows already taken would make each turn slower than the one before.
 */
export async function numberChanges(
  store: Pick<OfflineStore, 'db'>,
  fromXid: string,
  maxChanges: number = MAX_CHANGES,
): Promise<NumberingTurn> {
  const { rows } = await sql<{ mine: boolean; taken: number; seen: number; xmin: string }>`
    select * from larder.number_changes(${fromXid}::xid8, ${maxChanges}::integer)`.execute(store.db);
  const turn = rows[0];
  if (turn === undefined) throw new Error('Numbering changes gave no row.');
  const { mine, taken, seen, xmin } = turn;
  // of what is seen, another process may have taken some that had not ended yet: more may stand behind them
  const more = seen === maxChanges;
  return { busy: !mine, taken, more, fromXid: mine && !more ? xmin : fromXid };
}
