import { createLogger, isLarderError, type ErrorCode } from '@larder/core';
import type { CheckAnswer, CheckJob } from './check-job.ts';

/**
 * A process that opens the artifacts of an apply: a file that crashes ONNX Runtime ends this process alone, and memory is
 * measured where nothing else allocates.
 */
process.once('message', (job) => void answer(job as CheckJob));
process.once('disconnect', () => process.exit());

async function answer(job: CheckJob): Promise<void> {
  send(await check(job).catch((error: unknown): CheckAnswer => ({ error: shown(error) })));
}

async function check(job: CheckJob): Promise<CheckAnswer> {
  // each kind loads only what it needs: starting is most of the time
  if (job.kind === 'model') {
    const { measureModel } = await import('@larder/model-runtime');
    const { missing, ...options } = job.model;
    const measured = await measureModel({ ...options, missing: missing === 'nan' ? Number.NaN : missing });
    return { measured };
  }
  const { loadDefinitions, viewRef } = await import('@larder/features');
  const { checkGoldenInputs } = await import('./golden-inputs.ts');
  const { configPath, ref, artifactPaths, allowedHosts } = job;
  const { featureViews } = await loadDefinitions(configPath);
  const view = [...featureViews.values()].find((each) => viewRef(each) === ref);
  if (!view?.compute) throw new Error(`${ref} is not computed.`);
  const module = await view.compute.load();
  const computation = await module.createComputation({
    options: view.compute.options,
    artifactPaths,
    allowedHosts,
    logger: createLogger('larder-check', { level: 'silent' }),
  });
  try {
    for (const folder of Object.values(artifactPaths)) await checkGoldenInputs(computation, folder);
    return { measured: null };
  } finally {
    await computation.close();
  }
}

function shown(error: unknown): { readonly code: ErrorCode | null; readonly message: string } {
  return {
    code: isLarderError(error) ? error.code : null,
    message: error instanceof Error ? error.message : String(error),
  };
}

function send(message: CheckAnswer): void {
  // a computation may have left something running
  process.send?.(message, () => process.exit());
}
