import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@larder/core';
import pg from 'pg';
import type { OfflineStore } from '../offline-store.ts';
import type { Month } from '../partitions/monthly-partitions.ts';
import type { PredictionRecord } from './prediction-record.ts';
import { writePredictions } from './write-predictions.ts';

export interface PredictionLogOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly logger: Logger;
  /** Records kept while PostgreSQL is away, those being written included. @default 10000 */
  readonly capacity?: number;
  /** @default 200 */
  readonly flushIntervalMs?: number;
}

export interface PredictionLogStats {
  readonly written: number;
  /** Never written: the buffer was full, the record is not storable, or the log was closed before it could be. */
  readonly dropped: number;
  readonly buffered: number;
}

export interface PredictionLog {
  /**
   * Hot path, below a microsecond: keeps the record as it is, which must not change afterwards; nothing is rendered here.
   * False: the buffer is full and the record was dropped and counted.
   */
  append(record: PredictionRecord): boolean;
  stats(): PredictionLogStats;
  /** Writes what is buffered, for at most `deadlineMs`; the rest is counted as dropped. @default 5000 */
  close(deadlineMs?: number): Promise<void>;
}

const BATCH_RECORDS = 500;
const WRITE_TIMEOUT_MS = 10_000;
const MAX_BACKOFF_MS = 5_000;

/** A bounded buffer before `larder.predictions`: one COPY in flight, predictions never wait for it. */
export function createPredictionLog(options: PredictionLogOptions): PredictionLog {
  const { store, project, logger, capacity = 10_000, flushIntervalMs = 200 } = options;
  /** A batch stays at the head until it is written, so that its length is all that is kept. */
  const buffer: PredictionRecord[] = [];
  const knownMonths = new Set<Month>();
  const closing = new AbortController();
  const deadline = new AbortController();
  let written = 0;
  let dropped = 0;
  let failures = 0;
  let timer: NodeJS.Timeout | null = null;
  let draining: Promise<void> | null = null;

  function drain(): Promise<void> {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    draining ??= writeWhileFull().finally(() => {
      draining = null;
      if (buffer.length > 0 && !closing.signal.aborted) schedule();
    });
    return draining;
  }

  function schedule(): void {
    if (draining === null) timer ??= setTimeout(() => void drain(), flushIntervalMs).unref();
  }

  /** At least one batch; partly filled ones wait for the next tick of the timer, except at the end. */
  async function writeWhileFull(): Promise<void> {
    do {
      const batch = buffer.slice(0, BATCH_RECORDS);
      try {
        const refused = await writeOrSplit(batch);
        buffer.splice(0, batch.length);
        written += batch.length - refused;
        dropped += refused;
        if (failures > 0) logger.info({ dropped }, 'The prediction log reaches PostgreSQL again');
        failures = 0;
      } catch (error) {
        if (deadline.signal.aborted) return;
        // what is known may be the reason: an archived partition, a restored database
        knownMonths.clear();
        if (failures === 0)
          logger.warn(
            { err: error, capacity },
            'The prediction log cannot be written; records wait, then drop',
          );
        failures++;
        await backOff();
      }
    } while (
      buffer.length >= BATCH_RECORDS ||
      (buffer.length > 0 && (closing.signal.aborted || failures > 0))
    );
  }

  /** A record that PostgreSQL refuses is found by halving and dropped alone. Gives the number of those. */
  async function writeOrSplit(records: readonly PredictionRecord[]): Promise<number> {
    const signal = AbortSignal.any([deadline.signal, AbortSignal.timeout(WRITE_TIMEOUT_MS)]);
    try {
      await writePredictions(store, { project, records, knownMonths, repeated: failures > 0, signal });
      return 0;
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
    if (records.length === 1) {
      const ids = records.map((record) => record.predictionId);
      logger.error({ prediction_ids: ids }, 'A prediction cannot be stored and was dropped from the log');
      return 1;
    }
    const half = Math.ceil(records.length / 2);
    return (await writeOrSplit(records.slice(0, half))) + (await writeOrSplit(records.slice(half)));
  }

  async function backOff(): Promise<void> {
    const ms = Math.min(100 * 2 ** failures, MAX_BACKOFF_MS);
    const signal = closing.signal.aborted ? deadline.signal : closing.signal;
    await delay(ms, undefined, { signal, ref: false }).catch(() => {});
  }

  return {
    append(record) {
      if (buffer.length >= capacity || closing.signal.aborted) {
        dropped++;
        return false;
      }
      buffer.push(record);
      if (draining === null) {
        if (buffer.length === BATCH_RECORDS) setImmediate(() => void drain());
        else if (timer === null) schedule();
      }
      return true;
    },
    stats: () => ({ written, dropped, buffered: buffer.length }),
    async close(deadlineMs = 5_000) {
      closing.abort();
      const giveUp = setTimeout(() => deadline.abort(), deadlineMs);
      while (buffer.length > 0 && !deadline.signal.aborted) await drain();
      clearTimeout(giveUp);
      dropped += buffer.length;
      buffer.length = 0;
    },
  };
}

/** What trying again cannot mend: data exceptions (class 22), exceeded limits (54), values that could not be rendered. */
function isRefusal(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return /^(22|54)/.test(error.code ?? '');
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}
