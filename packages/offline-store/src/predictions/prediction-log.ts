import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@larder/core';
import pg from 'pg';
import { projectKeyHasher, type KeyHasher } from '../erasure/key-hash.ts';
import type { OfflineStore } from '../offline-store.ts';
import type { Month } from '../partitions/monthly-partitions.ts';
import { createLogBuffer } from './log-buffer.ts';
import type { PredictionRecord } from './prediction-record.ts';
import { firstPredictionId, halves, type RenderedRows } from './rendered-rows.ts';
import { WRITE_TIMEOUT_MS, writePredictions } from './write-predictions.ts';

export interface PredictionLogOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly logger: Logger;
  /** Limit on records kept while PostgreSQL is down, including those being written. @default 10000 */
  readonly capacity?: number;
  /** Limit on their bytes. @default 64 MiB */
  readonly capacityBytes?: number;
  /** @default 200 */
  readonly flushIntervalMs?: number;
  /** Records are written at once, and `confirm` waits for PostgreSQL. @default false */
  readonly durable?: boolean;
}

/**
 * Why a record was never written: a limit of the buffer, PostgreSQL refused it, an entity of it was erased, or the log was
 * closed first.
 */
type DropReason = 'buffer_records' | 'buffer_bytes' | 'not_storable' | 'erased' | 'closed';

type Unwritten = Pick<Record<DropReason, number>, 'not_storable' | 'erased'>;

export interface PredictionLogStats {
  readonly written: number;
  /** Number of records never written, for any `DropReason`. */
  readonly dropped: number;
  readonly buffered: number;
}

export interface PredictionLog {
  /**
   * Hot path, below a microsecond: the record, which must not change afterwards, is rendered once the current task has ended.
   * False: the buffer is full and the record was dropped and counted.
   */
  append(record: PredictionRecord): boolean;
  /**
   * Null: the log is not durable, and nobody waits for it. Otherwise resolves when PostgreSQL has committed all records
   * appended so far, except those that it can never store or whose entity was erased.
   * @throws PREDICTION_NOT_LOGGED
   */
  readonly confirm: (() => Promise<void>) | null;
  stats(): PredictionLogStats;
  drops(): Readonly<Record<DropReason, number>>;
  bufferedBytes(): number;
  /** Writes what is buffered, for at most `deadlineMs`; the rest is counted as dropped. @default 5000 */
  close(deadlineMs?: number): Promise<void>;
}

const MAX_BACKOFF_MS = 5_000;
/** At least as many records are rendered per turn of the event loop, in about 0.3 ms. */
const SLICE_RECORDS = 100;
const NONE: Unwritten = { not_storable: 0, erased: 0 };

/** A bounded buffer in front of `larder.predictions`: one COPY in flight. Predictions wait for it only if the log is durable. */
export function createPredictionLog(options: PredictionLogOptions): PredictionLog {
  const { store, project, logger, capacity = 10_000, capacityBytes = 64 * 2 ** 20 } = options;
  const { flushIntervalMs = 200, durable = false } = options;
  const knownMonths = new Set<Month>();
  const closing = new AbortController();
  const deadline = new AbortController();
  let written = 0;
  const drops: Record<DropReason, number> = {
    buffer_records: 0,
    buffer_bytes: 0,
    not_storable: 0,
    erased: 0,
    closed: 0,
  };
  const buffer = createLogBuffer({
    maxRecords: capacity,
    maxBytes: capacityBytes,
    project,
    unrenderable({ predictionId }) {
      drops.not_storable += 1;
      tellNotStorable(predictionId);
    },
  });
  let hasher: KeyHasher | null = null;
  let failures = 0;
  let timer: NodeJS.Timeout | null = null;
  let soon: NodeJS.Immediate | null = null;
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

  /** Renders what the current task appended, after its answer has been sent. */
  function renderSoon(): void {
    soon ??= setImmediate(() => {
      soon = null;
      buffer.render(slice(), hasher);
      if (buffer.unrendered > 0 && !isWithoutHasher()) renderSoon();
      if (draining === null && (durable || buffer.isBatchFull())) void drain();
    });
  }

  /** Rendering must not delay requests that wait for the event loop, and must not fall behind them. */
  function slice(): number {
    return Math.max(SLICE_RECORDS, Math.ceil(buffer.unrendered / 4));
  }

  async function renderAll(): Promise<void> {
    while (buffer.unrendered > 0) {
      if (isWithoutHasher()) hasher = await projectKeyHasher(store, project);
      buffer.render(slice(), hasher);
      if (buffer.unrendered > 0) await nextTurn();
    }
  }

  function isWithoutHasher(): boolean {
    return hasher === null && buffer.needsHasher;
  }

  /** Writes at least one batch; further partly filled ones wait for the next tick of the timer, except at the end. */
  async function writeWhileFull(): Promise<void> {
    do {
      try {
        await renderAll();
        const page = buffer.head();
        if (page === null) return;
        const { rows, months } = page;
        const unwritten = rows.count === 0 ? NONE : await writeOrSplit(rows, months);
        buffer.remove(page);
        written += rows.count - unwritten.not_storable - unwritten.erased;
        drops.not_storable += unwritten.not_storable;
        drops.erased += unwritten.erased;
        if (failures > 0) logger.info({ dropped: drops }, 'The prediction log reaches PostgreSQL again');
        failures = 0;
      } catch (error) {
        if (deadline.signal.aborted) return;
        // The known partitions may be outdated: an archived partition, a restored database.
        knownMonths.clear();
        if (failures === 0)
          logger.warn(
            { err: error, capacity, capacityBytes },
            'The prediction log cannot be written; records wait, and are dropped when the buffer is full',
          );
        failures++;
        await backOff();
      }
    } while (buffer.isBatchFull() || (buffer.length > 0 && isUrgent()));
  }

  function isUrgent(): boolean {
    return durable || closing.signal.aborted || failures > 0;
  }

  /** Finds rows that PostgreSQL refuses by halving, and drops only those. */
  async function writeOrSplit(rows: RenderedRows, months: ReadonlySet<Month>): Promise<Unwritten> {
    const signal = AbortSignal.any([deadline.signal, AbortSignal.timeout(WRITE_TIMEOUT_MS)]);
    try {
      const write = { project, rows, months, knownMonths, repeated: failures > 0, signal };
      return { not_storable: 0, erased: await writePredictions(store, write) };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (rows.count === 1) {
        tellNotStorable(firstPredictionId(rows));
        return { not_storable: 1, erased: 0 };
      }
    }
    const [firstRows, secondRows] = halves(rows);
    const first = await writeOrSplit(firstRows, months);
    const second = await writeOrSplit(secondRows, months);
    return {
      not_storable: first.not_storable + second.not_storable,
      erased: first.erased + second.erased,
    };
  }

  function tellNotStorable(predictionId: string): void {
    logger.error(
      { prediction_ids: [predictionId] },
      'A prediction cannot be stored and was dropped from the log',
    );
  }

  async function backOff(): Promise<void> {
    const ms = Math.min(100 * 2 ** failures, MAX_BACKOFF_MS);
    const signal = closing.signal.aborted ? deadline.signal : closing.signal;
    await delay(ms, undefined, { signal, ref: false }).catch(() => {});
  }

  return {
    append(record) {
      const refused = closing.signal.aborted ? 'closed' : buffer.push(record);
      if (refused !== null) {
        drops[refused]++;
        return false;
      }
      if (soon === null) renderSoon();
      if (timer === null) schedule();
      return true;
    },
    confirm: durable ? () => buffer.passed() : null,
    stats: () => ({
      written,
      dropped: Object.values(drops).reduce((sum, count) => sum + count, 0),
      buffered: buffer.length,
    }),
    drops: () => ({ ...drops }),
    bufferedBytes: () => buffer.bytes,
    async close(deadlineMs = 5_000) {
      closing.abort();
      const giveUp = setTimeout(() => deadline.abort(), deadlineMs);
      while (buffer.length > 0 && !deadline.signal.aborted) await drain();
      clearTimeout(giveUp);
      if (buffer.length > 0)
        logger.error(
          { dropped: buffer.length },
          'Predictions were not logged: the service is stopping, and PostgreSQL did not store them in time',
        );
      drops.closed += buffer.clear();
    },
  };
}

/** Errors that a retry cannot fix: data exceptions (class 22), exceeded limits (54). */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(22|54)/.test(error.code ?? '');
}
