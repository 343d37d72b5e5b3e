import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

const INTERVAL_MS = 10;

/**
 * Waits until every transaction has ended that may have looked for tombstones before the newest one was committed.
 * Writers never wait for this: a lock that excludes them would make all later writers queue behind it.
 * @returns false when some have not ended after `timeoutMs`
 */
export async function awaitWriters(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  timeoutMs: number,
): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  let waiting = await writers(store, project);
  while (waiting.size > 0) {
    if (performance.now() > until) return false;
    await pause(INTERVAL_MS);
    const now = await writers(store, project);
    waiting = new Set([...waiting].filter((transaction) => now.has(transaction)));
  }
  return true;
}

/** Transactions that hold `larder.hold_off_erasures`. */
async function writers(store: Pick<OfflineStore, 'db'>, project: string): Promise<Set<string>> {
  const { rows } = await sql<{ transaction: string }>`
    with lock as (select hashtextextended('larder:erasure:' || ${project}, 0) as key)
    select distinct virtualtransaction as transaction from pg_locks, lock
    where locktype = 'advisory' and objsubid = 1
      and database = (select oid from pg_database where datname = current_database())
      and classid::bigint = (lock.key >> 32) & 4294967295 and objid::bigint = lock.key & 4294967295`.execute(
    store.db,
  );
  return new Set(rows.map(({ transaction }) => transaction));
}
