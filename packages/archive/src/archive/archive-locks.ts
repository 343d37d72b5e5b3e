import { setTimeout as pause } from 'node:timers/promises';
import type { OfflineStore, StoreTransaction } from '@larder/offline-store';
import { sql } from 'kysely';

/** An archive's view version. */
export interface ArchivedView {
  readonly archiveId: string;
  readonly view: string;
  readonly version: number;
}

/**
 * `writing`: held by the one process that changes the files. `files`: held shared by whoever reads them, and exclusively
 * while files are deleted.
 */
type Lock = 'writing' | 'files';

const KEEP_ALIVE_MS = 5_000;
const PAUSE_MS = 200;

/**
 * Holds an advisory lock of each target while `work` runs; it ends with the process. A lost connection loses it: registering files
 * compares generations, and a reader whose file is gone fails.
 * @returns null, without work, when somebody else holds it
 */
export async function tryLock<T>(
  store: OfflineStore,
  target: ArchivedView | readonly ArchivedView[],
  options: { readonly lock: Lock; readonly shared?: boolean },
  work: () => Promise<T>,
): Promise<{ readonly result: T } | null> {
  const name = sql.raw(`pg_try_advisory_xact_lock${options.shared === true ? '_shared' : ''}`);
  return store.transaction(async (tx) => {
    for (const { archiveId, view, version } of [target].flat()) {
      const key = `larder:archive:${options.lock}:${archiveId}:${view}@${version}`;
      const { rows } = await sql<{ mine: boolean }>`
        select ${name}(hashtextextended(${key}, 0)) as mine`.execute(tx.db);
      if (rows[0]?.mine !== true) return null;
    }
    const stop = keepAlive(tx);
    try {
      return { result: await work() };
    } finally {
      stop();
    }
  });
}

/** The same, but waits for the lock. */
export async function withLock<T>(
  store: OfflineStore,
  target: ArchivedView | readonly ArchivedView[],
  options: { readonly lock: Lock; readonly shared?: boolean; readonly signal?: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    options.signal?.throwIfAborted();
    const done = await tryLock(store, target, options, work);
    if (done !== null) return done.result;
    await pause(PAUSE_MS);
  }
}

/** An open transaction that says nothing is ended by the server, and its connection by this process. @returns stops it */
export function keepAlive(tx: StoreTransaction): () => void {
  let waiting = false;
  const timer = setInterval(() => {
    if (waiting) return;
    waiting = true;
    void tx.client.query('select 1').then(
      () => (waiting = false),
      () => clearInterval(timer),
    );
  }, KEEP_ALIVE_MS);
  return () => clearInterval(timer);
}
