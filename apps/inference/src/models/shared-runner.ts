import type { ModelRunner } from '@larder/model-runtime';
import { loadRunner, type RunnerOptions } from '@larder/serving';

/** A loaded artifact with the count of those who need it; closed when the last one lets go. */
export interface SharedRunner {
  readonly model: ModelRunner;
  readonly key: string;
  hold(): void;
  release(): void;
}

/** The runner of a model's applied artifact, held once: `before` when it is the same. */
export async function acquireRunner(
  options: RunnerOptions,
  before: SharedRunner | undefined,
): Promise<SharedRunner> {
  const { artifact, inputs, outputs, missing } = options.model;
  const key = JSON.stringify([artifact.sha256, inputs, outputs, missing]);
  if (before?.key === key) {
    before.hold();
    return before;
  }
  return shared(await loadRunner(options), key);
}

function shared(model: ModelRunner, key: string): SharedRunner {
  let holders = 1;
  return {
    model,
    key,
    hold() {
      holders += 1;
    },
    release() {
      holders -= 1;
      if (holders === 0) void model.close();
    },
  };
}
