import type { Clock, Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import type { ComputePool } from '../compute/compute-pool.ts';
import type { LoadedViews } from './loaded-views.ts';

/** Times that tests shorten. All leases are measured by PostgreSQL's clock. */
export interface MaterializerTimes {
  /** How long a worker may be silent before its chunk goes to another one. */
  readonly leaseMs: number;
  /** How long a row may take to land, added to the lease while a chunk lands. */
  readonly landingRowMs: number;
  readonly progressIntervalMs: number;
  readonly dispatchIntervalMs: number;
  readonly watchIntervalMs: number;
  /** A chunk that waits in the queue so long is looked for there. */
  readonly staleDispatchMs: number;
  /** How long chunks may wait in the queue while slots are free, before its consumer is replaced. */
  readonly wedgedAfterMs: number;
  /** Wait before the second attempt at a chunk; doubles with each further one. */
  readonly backoffMs: number;
  /** How long a run may wait for a process that has its code. */
  readonly definitionGraceMs: number;
  readonly scheduleIntervalMs: number;
  /** How long one batch of a computation may take. */
  readonly batchTimeoutMs: number;
}

export const DEFAULT_TIMES: MaterializerTimes = {
  leaseMs: 15_000,
  landingRowMs: 2,
  progressIntervalMs: 250,
  dispatchIntervalMs: 200,
  watchIntervalMs: 1_000,
  staleDispatchMs: 10_000,
  wedgedAfterMs: 15_000,
  backoffMs: 1_000,
  definitionGraceMs: 600_000,
  scheduleIntervalMs: 60_000,
  batchTimeoutMs: 120_000,
};

/** Counted since the process started. */
export interface MaterializerObserver {
  /** A queue's consumer took nothing although jobs waited and slots were free. */
  consumerWedged(queue: string): void;
  chunkEnded(view: string, outcome: 'done' | 'failed' | 'retried' | 'given_back' | 'lost'): void;
  rowsLanded(
    view: string,
    rows: {
      readonly done: number;
      readonly failed: number;
      readonly skipped: number;
      /** Of those skipped: entities whose row was put back into the online store. */
      readonly restored: number;
    },
  ): void;
}

export interface MaterializerContext {
  readonly projectName: string;
  /** Names this process in leases and dispatches. */
  readonly processId: string;
  readonly store: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly views: LoadedViews;
  /** Started by the first chunk that computes. */
  readonly pool: () => ComputePool;
  readonly slots: number;
  readonly batchRows: number;
  readonly times: MaterializerTimes;
  readonly observer: MaterializerObserver;
  readonly clock: Clock;
  readonly logger: Logger;
}
