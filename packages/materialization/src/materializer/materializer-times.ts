/** Times that tests shorten. All leases are measured by PostgreSQL's clock. */
export interface MaterializerTimes {
  /** How long a worker may be silent before its chunk goes to another one. */
  readonly leaseMs: number;
  /** Landing time per row, added to the lease while a chunk lands. */
  readonly landingRowMs: number;
  readonly progressIntervalMs: number;
  readonly dispatchIntervalMs: number;
  readonly watchIntervalMs: number;
  /** After this time in the queue, a watchdog checks whether the queue still has the chunk. */
  readonly staleDispatchMs: number;
  /** How long chunks may wait in the queue while slots are free, before its consumer is replaced. */
  readonly wedgedAfterMs: number;
  /** Wait before the second attempt at a chunk; doubles with each attempt. */
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
  scheduleIntervalMs: 1_000,
  batchTimeoutMs: 120_000,
};
