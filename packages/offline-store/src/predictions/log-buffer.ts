import type { PredictionRecord } from './prediction-record.ts';

export interface LogBufferLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Prediction records that wait to be written, oldest first, bounded by number and by bytes. */
export interface LogBuffer {
  readonly length: number;
  readonly bytes: number;
  /** Null: taken. Otherwise the bound that it would break. */
  push(record: PredictionRecord): 'buffer_records' | 'buffer_bytes' | null;
  /** True when there is more than one write takes, or as much. */
  isBatchFull(): boolean;
  /** The oldest records, as many as one write takes; they stay until they are removed. */
  head(): PredictionRecord[];
  remove(batch: readonly PredictionRecord[]): void;
}

const BATCH_RECORDS = 500;
/** One record may be larger; it is written alone. */
const BATCH_BYTES = 8 * 2 ** 20;

export function createLogBuffer({ maxRecords, maxBytes }: LogBufferLimits): LogBuffer {
  const records: PredictionRecord[] = [];
  let bytes = 0;
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
    },
  };
}
