import type { FillEstimate } from './estimate-fill.ts';

/** An estimate in the form of the HTTP API and the CLI. */
export function fillJson(estimate: FillEstimate) {
  return {
    view: estimate.ref,
    rows: estimate.rows,
    rows_from: estimate.rowsFrom,
    source_problem: estimate.sourceProblem,
    history_bytes: estimate.historyBytes,
    redis_bytes: estimate.redisBytes,
    minutes: estimate.minutes,
    rows_per_second: estimate.rate?.rowsPerSecond ?? null,
    measured_in: estimate.rate?.measuredIn ?? null,
  };
}
