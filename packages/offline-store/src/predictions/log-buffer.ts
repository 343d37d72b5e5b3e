import { LarderError } from '@larder/core';
import type { PredictionRecord } from './prediction-record.ts';

export interface LogBufferLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Prediction records that wait to be written, oldest first, bounded by number and by bytes. */
export interface LogBuffer {
  readonly length: number;
  readonly bytes: number;
  /** Null: accepted. Otherwise the limit that it would exceed. */
  push(record: PredictionRecord): 'buffer_records' | 'buffer_bytes' | null;
  /** True when there is at least as much as one write takes. */
  isBatchFull(): boolean;
  /** Returns the oldest records, as many as one write takes; they stay until they are removed. */
  head(): PredictionRecord[];
  remove(batch: readonly PredictionRecord[]): void;
  /** Resolves once every record now in the buffer has been removed. @throws PREDICTION_NOT_LOGGED when the buffer is cleared first */
  passed(): Promise<void>;
  /** Discards all records and returns their number. */
  clear(): number;
}

interface Waiter {
  /** Number of records, of all ever accepted, that must be removed. */
  readonly removed: number;
  readonly resolve: () => void;
  readonly reject: (error: LarderError) => void;
}

/** A dozen statements per write: at full load, one write per interval of the timer. */
const BATCH_RECORDS = 2_000;
/** Limit per write; a single larger record is written alone. */
const BATCH_BYTES = 8 * 2 ** 20;

export function createLogBuffer({ maxRecords, maxBytes }: LogBufferLimits): LogBuffer {
  const records: PredictionRecord[] = [];
  let bytes = 0;
  let removed = 0;
  /** Ordered by number. */
  let waiters: Waiter[] = [];
  return {
    get length() {
      return records.length;
    },
    get bytes() {
      return bytes;
    },
    push(record) {
      if (records.length >= maxRecords) return 'buffer_records';
      const { sizeBytes } = record;
      if (bytes + sizeBytes > maxBytes) return 'buffer_bytes';
      records.push(record);
      bytes += sizeBytes;
      return null;
    },
    isBatchFull: () => records.length >= BATCH_RECORDS || bytes >= BATCH_BYTES,
    head() {
      let count = 0;
      for (let size = 0; count < Math.min(records.length, BATCH_RECORDS); count++) {
        size += (records[count] as PredictionRecord).sizeBytes;
        if (size > BATCH_BYTES && count > 0) break;
      }
      return records.slice(0, count);
    },
    remove(batch) {
      records.splice(0, batch.length);
      for (const { sizeBytes } of batch) bytes -= sizeBytes;
      removed += batch.length;
      while (waiters[0] !== undefined && waiters[0].removed <= removed) waiters.shift()?.resolve();
    },
    passed() {
      if (records.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiters.push({ removed: removed + records.length, resolve, reject });
      });
    },
    clear() {
      const count = records.splice(0).length;
      bytes = 0;
      for (const { reject } of waiters) reject(notLogged('the service stopped before PostgreSQL stored it'));
      waiters = [];
      return count;
    },
  };
}

function notLogged(why: string): LarderError {
  return new LarderError(
    'PREDICTION_NOT_LOGGED',
    `The prediction was not logged, and the log is durable: ${why}. Retry.`,
    { retryAfterSeconds: 1 },
  );
}
