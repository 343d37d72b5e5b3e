import { resolve } from 'node:path';
import type { ComputationContext, ComputeDescriptor, RowOutcome, SourceRow } from './computation.ts';

export interface ComputeOnceOptions extends Pick<ComputationContext, 'allowedHosts' | 'logger'> {
  /** Base of artifact paths: the folder of larder.config.ts. */
  readonly root: string;
  readonly signal: AbortSignal;
}

/** Starts a computation on this thread, runs these rows and closes it: for previews and unit tests. */
export async function computeOnce(
  descriptor: ComputeDescriptor,
  rows: readonly SourceRow[],
  { root, signal, allowedHosts, logger }: ComputeOnceOptions,
): Promise<RowOutcome[]> {
  const module = await descriptor.load();
  const artifactPaths = Object.fromEntries(
    Object.entries(descriptor.artifacts).map(([name, { path }]) => [name, resolve(root, path)]),
  );
  const computation = await module.createComputation({
    options: descriptor.options,
    artifactPaths,
    allowedHosts,
    logger,
  });
  try {
    return await computation.compute(rows, signal);
  } finally {
    await computation.close();
  }
}
