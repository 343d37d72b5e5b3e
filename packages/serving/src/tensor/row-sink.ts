import type { OnDemandResult } from '@larder/features';

/** Where the features of a row go once its on-demand functions have run. */
export interface RowSink {
  /** `place`: index of the row among those that the model runs; `row`: in the request. */
  fill(place: number, row: number, results: readonly OnDemandResult[]): void;
  /** A row whose function failed: the model still runs it, so it must not hold values of an earlier request. */
  clear(place: number): void;
}
