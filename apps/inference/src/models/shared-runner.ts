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

export interface RunnerRequest {
  readonly model: RunnerOptions['model'] & { readonly artifact: { readonly sha256: string } };
  readonly width: number;
  readonly tensors: RunnerOptions['tensors'];
  /** Returns the folder of the artifact; called only when it must be loaded. */
  readonly folder: () => Promise<string>;
}

export interface AcquireDeps {
  /** Runners in service at this moment, of which one may be the same. */
  readonly known: () => Iterable<SharedRunner>;
  /** Logs a model that cannot be closed; nobody waits for that. */
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * Returns the runner of a model's artifact with one more reference. Versions that differ only in the view versions that
 * they read, in their functions or in their policies share one.
 */
export async function acquireRunner(
  { model, width, tensors, folder }: RunnerRequest,
  { known, logger }: AcquireDeps,
): Promise<SharedRunner> {
  const columns = model.inputs.map(({ view, features, tensor }) => [view, features, tensor]);
  const key = JSON.stringify([
    model.artifact.sha256,
    columns,
    width,
    tensors?.map(({ features }) => features),
    model.outputs,
    model.missing,
  ]);
  for (const runner of known()) {
    if (runner.key !== key) continue;
    runner.hold();
    return runner;
  }
  const loaded = await loadRunner({ folder: await folder(), model, width, tensors });
  return shared(loaded, key, (err) =>
    logger.warn({ err, model: model.name }, 'A model that is out of service could not be closed'),
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
