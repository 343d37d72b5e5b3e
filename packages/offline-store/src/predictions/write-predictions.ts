import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import type pg from 'pg';
import { CopyWriter } from '../copy/copy-writer.ts';
import { copyIn } from '../copy/copy.ts';
import type { Database } from '../database.ts';
import { projectKeyHasher, type KeyHasher } from '../erasure/key-hash.ts';
import { kyselyOver, type OfflineStore } from '../offline-store.ts';
import { ensureMonthlyPartitions, monthOf, type Month } from '../partitions/monthly-partitions.ts';
import { limitSilence } from '../connection/limit-silence.ts';
import type { PredictionRecord } from './prediction-record.ts';
import { PREDICTION_COLUMNS, renderPrediction, sharedValues } from './render-prediction.ts';
import { withoutErased } from './without-erased.ts';

export const PREDICTIONS_TABLE = { schema: 'larder', name: 'predictions' };
/** Timeout of one batch, independent of the store's limit for requests. */
export const WRITE_TIMEOUT_MS = 10_000;
/** Records per slice, about 0.5 ms: rendering must not delay requests that wait for the event loop. */
const SLICE_RECORDS = 100;

export interface PredictionWrite {
  readonly project: string;
  readonly records: readonly PredictionRecord[];
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
  const sensitive = write.records.some((record) => record.sensitive !== null);
  const hasher = sensitive ? await projectKeyHasher(store, write.project) : null;
  const rendered = await render(write, hasher);
  const months = [...new Set(write.records.map((record) => monthOf(record.predictedAtMs)))];
  months.push(Math.max(...months) + 1);
  const erased = await withClient(store, write.signal, (client) =>
    kyselyOver(client)
      .transaction()
      .execute(async (db) => {
        await limitSilence({ db, client }, WRITE_TIMEOUT_MS);
        if (months.some((month) => !write.knownMonths.has(month)))
          await ensureMonthlyPartitions(db, PREDICTIONS_TABLE, months);
        const records = await withoutErased({ db }, write.project, write.records);
        const leftOut = write.records.length - records.length;
        if (records.length === 0) return leftOut;
        const bytes = records === write.records ? rendered : await render({ ...write, records }, hasher);
        if (write.repeated) await copyUnlessThere(db, client, bytes);
        else await copyIn(client, `larder.predictions (${PREDICTION_COLUMNS})`, bytes);
        return leftOut;
      }),
  );
  for (const month of months) write.knownMonths.add(month);
  return erased;
}

async function render({ project, records }: PredictionWrite, hasher: KeyHasher | null): Promise<Buffer> {
  // Their approximate size: a buffer that grows is copied every time.
  const out = new CopyWriter(records.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0));
  const shared = sharedValues();
  for (const [i, record] of records.entries()) {
    if (i > 0 && i % SLICE_RECORDS === 0) await nextTurn();
    renderPrediction(out, record, { project, shared, hasher });
  }
  return out.finish();
}

async function copyUnlessThere(
  db: Transaction<Database>,
  client: pg.PoolClient,
  bytes: Buffer,
): Promise<void> {
  const columns = sql.raw(PREDICTION_COLUMNS);
  await sql`create temp table predictions_again (like larder.predictions including defaults) on commit drop`.execute(
    db,
  );
  await copyIn(client, `pg_temp.predictions_again (${PREDICTION_COLUMNS})`, bytes);
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
