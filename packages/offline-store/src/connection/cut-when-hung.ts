import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { cutConnection, socketOf } from './silence-guard.ts';
import { withinDeadline } from './within-deadline.ts';

export interface CutWhenHungOptions {
  /** Of the client's session on the server, as `pg_backend_pid()` says. */
  readonly pid: number;
  /** How often a silent session is looked at. */
  readonly everyMs: number;
  /** How long the server may take to answer that. */
  readonly answerMs: number;
}

/** One look may meet a server or a pool that is merely busy. */
const LOOKS = 2;

/**
 * For a statement that may rightly be silent for minutes: while no byte arrives, asks the server on another connection
 * whether that session still works. Cuts the client when twice in a row nobody answers, or the session is gone, or it waits
 * for this client: the server hangs, was replaced, or the network lost the connection.
 * @returns a function that ends it
 */
export function cutWhenHung(
  pool: pg.Pool,
  client: pg.PoolClient,
  { pid, everyMs, answerMs }: CutWhenHungOptions,
): () => void {
  const ended = new AbortController();
  const socket = socketOf(client);
  void (async () => {
    for (let bad = 0, read = socket.bytesRead; ; read = socket.bytesRead) {
      await delay(everyMs, undefined, { signal: ended.signal, ref: false });
      const silent = socket.bytesRead === read;
      const works = !silent || (await withinDeadline(isWorking(pool, pid), answerMs).catch(() => false));
      if (ended.signal.aborted) return;
      // Bytes that came while the server was asked speak for it too.
      bad = works || socket.bytesRead !== read ? 0 : bad + 1;
      if (bad === LOOKS) return cutConnection(client);
    }
  })().catch(() => {});
  return () => ended.abort();
}

/** False also when it waits to read from its client or to write to it: what was sent is lost. */
async function isWorking(pool: pg.Pool, pid: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from pg_stat_activity where pid = $1 and state = 'active' and wait_event_type is distinct from 'Client'`,
    [pid],
  );
  return rowCount === 1;
}
