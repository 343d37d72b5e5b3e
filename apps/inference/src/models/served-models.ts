import { setTimeout as sleep } from 'node:timers/promises';
import type { FieldDescription, ModelDescription } from '@larder/contracts';
import type { RunCounts } from '@larder/model-runtime';
import type { ServedModel } from './served-model.ts';
import { statusTotals, type StatusTotals } from './status-totals.ts';

/** The models in service, and those out of service that may still be running. */
export interface ServedModels {
  get(name: string): ServedModel | undefined;
  /** Replaces a model by another one or by none; the old one finishes its runs. */
  swap(name: string, model: ServedModel | undefined): void;
  /** Changes identity when a model is added or removed. */
  descriptions(): readonly ModelDescription[];
  readonly readings: StatusTotals;
  /** Queue depths of the models in thread pools. */
  runCounts(): { readonly model: string; readonly counts: RunCounts }[];
  /** Closes all models and waits for their runs. */
  close(): Promise<void>;
}

const CLOSE_TIMEOUT_MS = 10_000;

export function createServedModels(): ServedModels {
  const served = new Map<string, ServedModel>();
  const leaving = new Set<Promise<void>>();
  const readings = statusTotals(served);
  let descriptions: readonly ModelDescription[] = [];

  function swap(name: string, model: ServedModel | undefined): void {
    const before = served.get(name);
    if (model === undefined) served.delete(name);
    else served.set(name, model);
    descriptions = [...served.values()].map(describe);
    if (before === undefined) return;
    readings.keep(before);
    const { closed } = before.runner;
    leaving.add(closed);
    void closed.then(() => leaving.delete(closed));
    before.retire();
  }

  return {
    get: (name) => served.get(name),
    swap,
    descriptions: () => descriptions,
    readings,
    runCounts: () =>
      [...served.values()].map(({ name, runner }) => ({ model: name, counts: runner.model.runCounts() })),
    async close() {
      for (const name of served.keys()) swap(name, undefined);
      // A process that exits during a run of ONNX Runtime aborts.
      await Promise.race([Promise.all(leaving), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    },
  };
}

function describe({ name, predictor }: ServedModel): ModelDescription {
  const { joinKeys, requestFields } = predictor.plan;
  return {
    name,
    joinKeys: joinKeys.map(({ field }) => field as FieldDescription),
    request: requestFields.map(({ field }) => field as FieldDescription),
  };
}
