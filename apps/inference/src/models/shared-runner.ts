import type { Logger } from '@larder/core';
import type { ModelRunner } from '@larder/model-runtime';
import { loadRunner, type RunnerOptions } from '@larder/serving';

/** A loaded artifact with a reference count; closed when the last holder releases it. */
export interface SharedRunner {
  readonly model: ModelRunner;
  readonly key: string;
  hold(): void;
  release(): void;
  /** Resolves once the last holder has released it and nothing is running. */
  readonly closed: Promise<void>;
}

export interface AcquireDeps {
  readonly before: SharedRunner | undefined;
  /** Logs a model that cannot be closed; nobody waits for that. */
  readonly logger: Pick<Logger, 'warn'>;
}

/** Returns the runner of a model's applied artifact with one more reference: `before` when it is the same. */
export async function acquireRunner(
  options: RunnerOptions,
  { before, logger }: AcquireDeps,
): Promise<SharedRunner> {
  const { artifact, inputs, outputs, missing } = options.model;
  const key = JSON.stringify([artifact.sha256, inputs, outputs, missing]);
  if (before?.key === key) {
    before.hold();
    return before;
  }
  return shared(await loadRunner(options), key, (err) =>
    logger.warn({ err, model: options.model.name }, 'A model that is out of service could not be closed'),
  );
}

function shared(model: ModelRunner, key: string, onCloseFailed: (error: unknown) => void): SharedRunner {
  let holders = 1;
  const closed = Promise.withResolvers<void>();
  return {
    closed: closed.promise,
    model,
    key,
    hold() {
      holders += 1;
    },
    release() {
      holders -= 1;
      if (holders === 0) model.close().catch(onCloseFailed).finally(closed.resolve);
    },
  };
}
