import { setTimeout as sleep } from 'node:timers/promises';
import type { ServedModel } from './served-model.ts';
import { statusTotals, type StatusTotals } from './status-totals.ts';

/** Models out of service that may still be running, and the readings that they counted. */
export interface RetiredModels {
  /** Takes a model that no further request reaches; it finishes its runs. */
  retire(model: ServedModel): void;
  readonly readings: StatusTotals;
  /** Waits for their runs. */
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 10_000;

export function createRetiredModels(inService: () => Iterable<ServedModel>): RetiredModels {
  const leaving = new Set<Promise<void>>();
  const readings = statusTotals(inService);
  return {
    readings,
    retire(model) {
      readings.keep(model);
      const { closed } = model.runner;
      // One with other policies may share the runner, which goes on.
      if (!leaving.has(closed)) void closed.then(() => leaving.delete(closed));
      leaving.add(closed);
      model.retire();
    },
    async close() {
      // A process that exits during a run of ONNX Runtime aborts.
      await Promise.race([Promise.all(leaving), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    },
  };
}
