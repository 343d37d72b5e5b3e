import { artifactFolder } from '../artifact/artifact.ts';
import type { ComputationContext, ComputeDescriptor, RowOutcome, SourceRow } from './computation.ts';

export interface ComputeOnceOptions extends Pick<ComputationContext, 'allowedHosts' | 'logger'> {
  /** Base of artifact paths: the folder of larder.config.ts. */
  readonly root: string;
  /** Folders of artifacts that are not where the descriptor has them, by its names. @default none */
  readonly artifactPaths?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Starts a computation on this thread, runs these rows and closes it: for previews and unit tests. */
export async function computeOnce(
  descriptor: ComputeDescriptor,
  rows: readonly SourceRow[],
  { root, signal, allowedHosts, logger, ...options }: ComputeOnceOptions,
): Promise<RowOutcome[]> {
  const module = await descriptor.load();
  const artifactPaths = Object.fromEntries(
    Object.entries(descriptor.artifacts).map(([name, artifact]) => [
      name,
      options.artifactPaths?.[name] ?? artifactFolder(artifact, root) ?? '',
    ]),
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
