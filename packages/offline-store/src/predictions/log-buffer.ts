import { LarderError } from '@larder/core';
import { CopyWriter } from '../copy/copy-writer.ts';
import type { KeyHasher } from '../erasure/key-hash.ts';
import { LogPage } from './log-page.ts';
import type { PredictionRecord } from './prediction-record.ts';

export interface LogBufferLimits {
  readonly maxRecords: number;
  readonly maxBytes: number;
}

/** Prediction records that wait to be written, oldest first, bounded by number and by bytes. */
export interface LogBuffer {
  readonly length: number;
  /** Of the rendered rows, and `sizeBytes` of the records that are not rendered yet. */
  readonly bytes: number;
  /** Number of records that are not rendered yet. */
  readonly unrendered: number;
  /** The next record to be rendered has sensitive fields. */
  readonly needsHasher: boolean;
  /** Null: accepted. Otherwise the limit that it would exceed. */
  push(record: PredictionRecord): 'buffer_records' | 'buffer_bytes' | null;
  /** Renders the oldest `most` records; stops before one with sensitive fields while there is no hasher. */
  render(most: number, hasher: KeyHasher | null): void;
  /** True when there is at least as much as one write takes. */
  isBatchFull(): boolean;
  /** The oldest rendered records, as many as one write takes; they stay until they are removed. Null: none is rendered. */
  head(): LogPage | null;
  remove(page: LogPage): void;
  /** Resolves once every record now in the buffer has been removed. @throws PREDICTION_NOT_LOGGED when the buffer is cleared first */
  passed(): Promise<void>;
  /** Discards all records and returns their number. */
  clear(): number;
}

export interface LogBufferOptions extends LogBufferLimits {
  readonly project: string;
  /** Called for a record that cannot be rendered; it is removed with its page. */
  readonly unrenderable: (record: PredictionRecord) => void;
}

interface Waiter {
  /** Number of records, of all ever accepted, that must be removed. */
  readonly removed: number;
  readonly resolve: () => void;
  readonly reject: (error: LarderError) => void;
}

/** A few statements per write: at full load, one write per interval of the timer. */
const BATCH_RECORDS = 2_000;
/** A page takes no more records once it has as much. */
const BATCH_BYTES = 8 * 2 ** 20;

export function createLogBuffer(options: LogBufferOptions): LogBuffer {
  const { maxRecords, maxBytes, project, unrenderable } = options;
  let unrendered: PredictionRecord[] = [];
  let unrenderedBytes = 0;
  /** The last one takes more records, unless it is being written. */
  let pages: LogPage[] = [];
  let open: LogPage | null = null;
  let renderedBytes = 0;
  let spare: CopyWriter | null = null;
  let length = 0;
  let removed = 0;
  /** Ordered by number. */
  let waiters: Waiter[] = [];

  function openPage(): LogPage {
    if (open !== null && open.records < BATCH_RECORDS && open.bytes < BATCH_BYTES) return open;
    open = new LogPage(spare ?? new CopyWriter());
    spare = null;
    pages.push(open);
    return open;
  }

  return {
    get length() {
      return length;
    },
    get bytes() {
      return renderedBytes + unrenderedBytes;
    },
    get unrendered() {
      return unrendered.length;
    },
    get needsHasher() {
      return (unrendered[0]?.sensitive ?? null) !== null;
    },
    push(record) {
      if (length >= maxRecords) return 'buffer_records';
      const { sizeBytes } = record;
      if (renderedBytes + unrenderedBytes + sizeBytes > maxBytes) return 'buffer_bytes';
      unrendered.push(record);
      unrenderedBytes += sizeBytes;
      length += 1;
      return null;
    },
    render(most, hasher) {
      const end = Math.min(most, unrendered.length);
      let next = 0;
      for (; next < end; next++) {
        const record = unrendered[next] as PredictionRecord;
        if (hasher === null && record.sensitive !== null) break;
        const page = openPage();
        renderedBytes -= page.bytes;
        if (page.add(record, { project, hasher }) !== null) unrenderable(record);
        renderedBytes += page.bytes;
        unrenderedBytes -= record.sizeBytes;
      }
      if (next > 0) unrendered = next === unrendered.length ? [] : unrendered.slice(next);
    },
    isBatchFull: () => length >= BATCH_RECORDS || renderedBytes + unrenderedBytes >= BATCH_BYTES,
    head() {
      const page = pages[0] ?? null;
      if (page === open) open = null;
      return page;
    },
    remove(page) {
      pages.shift();
      renderedBytes -= page.bytes;
      length -= page.records;
      removed += page.records;
      if (page.bytes < BATCH_BYTES) spare = page.takeWriter();
      while (waiters[0] !== undefined && waiters[0].removed <= removed) waiters.shift()?.resolve();
    },
    passed() {
      if (length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiters.push({ removed: removed + length, resolve, reject });
      });
    },
    clear() {
      const count = pages.reduce((sum, { rows }) => sum + rows.count, unrendered.length);
      unrendered = [];
      pages = [];
      open = null;
      unrenderedBytes = renderedBytes = length = 0;
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
