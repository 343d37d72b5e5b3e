import { startLoop, type Logger } from '@larder/core';
import pg from 'pg';
import type { OfflineStore } from '../offline-store.ts';
import { ensureChangePartitions } from './change-partitions.ts';
import { numberChanges } from './number-changes.ts';

export interface SequencerOptions {
  readonly store: OfflineStore;
  readonly logger: Logger;
  /** Interval of checks for changes of processes that died before numbering them. @default 2000 */
  readonly idleIntervalMs?: number;
}

export interface Sequencer {
  /** Numbers what this process recorded, and stops. */
  close(): Promise<void>;
}

/** Landings within this time are numbered together. */
const GATHER_MS = 30;
const PARTITIONS_INTERVAL_MS = 600_000;
/** Interval after which a turn reads everything again: a restored database restarts its transaction ids. */
const FROM_XID_MS = 60_000;
const NO_PARTITION = '23514';

/**
 * Numbers changes for the lifetime of the process. Every process that lands runs one: it is woken by its own commits,
 * and otherwise checks only now and then for changes that others left, so that no process queries PostgreSQL 20 times a
 * second.
 */
export function startSequencer(options: SequencerOptions): Sequencer {
  const { store, logger } = options;
  let partitionsAt = -Infinity;
  let scannedAt = -Infinity;
  let fromXid = '0';
  let timer: NodeJS.Timeout | null = null;

  function wakeSoon(): void {
    timer ??= setTimeout(() => {
      timer = null;
      loop.wake();
    }, GATHER_MS);
  }

  async function turn(): Promise<boolean> {
    if (performance.now() - partitionsAt > PARTITIONS_INTERVAL_MS) {
      await ensureChangePartitions(store);
      partitionsAt = performance.now();
    }
    if (performance.now() - scannedAt > FROM_XID_MS) {
      fromXid = '0';
      scannedAt = performance.now();
    }
    try {
      const numbered = await numberChanges(store, fromXid);
      fromXid = numbered.fromXid;
      // The sequencer that holds the lock began before the newest commits.
      if (numbered.busy) wakeSoon();
      return numbered.more;
    } catch (error) {
      fromXid = '0';
      if (!(error instanceof pg.DatabaseError && error.code === NO_PARTITION)) throw error;
      // PostgreSQL's clock was set to another day.
      await ensureChangePartitions(store);
      return true;
    }
  }

  const loop = startLoop({
    name: 'Numbering changes',
    intervalMs: options.idleIntervalMs ?? 2_000,
    logger,
    turn,
  });
  const forget = store.onChanges(wakeSoon);
  return {
    async close() {
      forget();
      if (timer !== null) clearTimeout(timer);
      await loop.stop();
      await numberChanges(store, fromXid).catch((error: unknown) =>
        logger.warn({ err: error }, 'The last changes are left to another process to number'),
      );
    },
  };
}
