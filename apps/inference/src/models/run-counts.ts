import type { RunCounts } from '@larder/model-runtime';
import type { ServedModel } from './served-model.ts';

/** Queue depths by model, over its versions in memory; versions that share a runner count once. */
export function runCounts(
  inService: Iterable<ServedModel>,
): { readonly model: string; readonly counts: RunCounts }[] {
  const seen = new Set<unknown>();
  const byModel = new Map<string, RunCounts>();
  for (const { name, runner } of inService) {
    if (seen.has(runner)) continue;
    seen.add(runner);
    const own = runner.model.runCounts();
    const sum = byModel.get(name);
    byModel.set(name, sum === undefined ? own : added(sum, own));
  }
  return Array.from(byModel, ([model, counts]) => ({ model, counts }));
}

function added(a: RunCounts, b: RunCounts): RunCounts {
  return {
    waiting: a.waiting + b.waiting,
    threads: a.threads + b.threads,
    busy: a.busy + b.busy,
    started: a.started + b.started,
    refused: a.refused + b.refused,
    late: a.late + b.late,
    abandoned: a.abandoned + b.abandoned,
  };
}
