import type { Computation, ComputationContext } from '@larder/features';
import { computeTextRows } from './text-rows.ts';
import { loadTextNetwork } from './text-network.ts';

/** @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH */
export async function createEmbeddingComputation(
  { artifactPaths: { encoder } }: ComputationContext,
  column: string,
): Promise<Computation> {
  if (encoder === undefined) throw new Error("textEmbedding got no path for its artifact 'encoder'");
  const network = await loadTextNetwork(encoder);
  return {
    compute: (rows, signal, memory) =>
      computeTextRows(rows, {
        column,
        signal,
        memory,
        none: { embedding: null },
        describe: async (text) => ({ embedding: await network.run(text) }),
      }),
    close: () => network.close(),
  };
}
