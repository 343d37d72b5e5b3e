import { sql, type Transaction } from 'kysely';
import type pg from 'pg';
import { COPY_HEADER, COPY_TRAILER } from '../copy/copy-writer.ts';
import { sendCopy } from '../copy/copy.ts';
import type { Database } from '../database.ts';
import { kyselyOver, type OfflineStore } from '../offline-store.ts';
import { ensureMonthlyPartitions, type Month } from '../partitions/monthly-partitions.ts';
import { limitSilence } from '../connection/limit-silence.ts';
import { PREDICTION_COLUMNS } from './render-prediction.ts';
import type { RenderedRows } from './rendered-rows.ts';
import { withoutErased } from './without-erased.ts';

export const PREDICTIONS_TABLE = { schema: 'larder', name: 'predictions' };
/** Timeout of one batch, independent of the store's limit for requests. */
export const WRITE_TIMEOUT_MS = 10_000;

export interface PredictionWrite {
  readonly project: string;
  readonly rows: RenderedRows;
  /** Months of the rows. */
  readonly months: ReadonlySet<Month>;
  /** Months whose partitions are known to exist; extended after each commit. */
  readonly knownMonths: Set<Month>;
  /** True when an earlier attempt may have committed: rows that already exist are skipped. */
  readonly repeated: boolean;
  /** Aborts the connection, whatever it is doing. */
  readonly signal: AbortSignal;
}

/**
 * Writes one batch in one transaction, without records of erased entities; partitions exist one month ahead of the newest
 * record.
 * @returns how many records were left out
 */
export async function writePredictions(store: OfflineStore, write: PredictionWrite): Promise<number> {
  const months = [...write.months, Math.max(...write.months) + 1];
  const erased = await withClient(store, write.signal, (client) =>
    kyselyOver(client)
      .transaction()
      .execute(async (db) => {
        await limitSilence({ db, client }, WRITE_TIMEOUT_MS);
        if (months.some((month) => !write.knownMonths.has(month)))
          await ensureMonthlyPartitions(db, PREDICTIONS_TABLE, months);
        const kept = await withoutErased({ db }, write.project, write.rows);
        if (kept.count > 0) {
          if (write.repeated) await copyUnlessThere(db, client, kept);
          else await copyRows(client, 'larder.predictions', kept);
        }
        return write.rows.count - kept.count;
      }),
  );
  for (const month of months) write.knownMonths.add(month);
  return erased;
}

function copyRows(client: pg.PoolClient, table: string, { bytes }: RenderedRows): Promise<void> {
  return sendCopy(client, `copy ${table} (${PREDICTION_COLUMNS}) from stdin (format binary)`, [
    COPY_HEADER,
    bytes,
    COPY_TRAILER,
  ]);
}

async function copyUnlessThere(
  db: Transaction<Database>,
  client: pg.PoolClient,
  rows: RenderedRows,
): Promise<void> {
  const columns = sql.raw(PREDICTION_COLUMNS);
  await sql`create temp table predictions_again (like larder.predictions including defaults) on commit drop`.execute(
    db,
  );
  await copyRows(client, 'pg_temp.predictions_again', rows);
  await sql`insert into larder.predictions (${columns})
    select ${columns} from pg_temp.predictions_again on conflict do nothing`.execute(db);
}

/** Releasing with `true` closes the socket, which fails the statement that is running on it. */
async function withClient<T>(
  store: OfflineStore,
  signal: AbortSignal,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await store.pool.connect();
  let held = true;
  const giveBack = (broken: boolean): void => {
    if (held) client.release(broken);
    held = false;
  };
  const giveUp = (): void => giveBack(true);
  signal.addEventListener('abort', giveUp);
  try {
    signal.throwIfAborted();
    return await work(client);
  } finally {
    signal.removeEventListener('abort', giveUp);
    giveBack(false);
  }
}
