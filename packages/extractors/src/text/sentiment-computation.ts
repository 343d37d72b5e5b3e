import { LarderError } from '@larder/core';
import type { Computation, ComputationContext } from '@larder/features';
import { computeTextRows } from './text-rows.ts';
import { loadTextNetwork } from './text-network.ts';

const CLASSES = ['negative', 'neutral', 'positive'];

/** @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH */
export async function createSentimentComputation(
  { artifactPaths: { model } }: ComputationContext,
  column: string,
): Promise<Computation> {
  if (model === undefined) throw new Error("sentiment got no path for its artifact 'model'");
  const network = await loadTextNetwork(model);
  const { classes, length } = network;
  if (classes === null || classes.length !== length || classes.some((name) => !CLASSES.includes(name))) {
    await network.close();
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${model}: a sentiment classifier names the class of each of its ${length} outputs in the metadata 'larder.text', like ` +
        `{"classes":["negative","positive"]}, out of ${CLASSES.join(', ')}; this one says ${JSON.stringify(classes)}.`,
    );
  }
  const [negative, positive] = [classes.indexOf('negative'), classes.indexOf('positive')];
  const none = Object.fromEntries(['sentiment', ...classes].map((name) => [name, null]));
  return {
    compute: (rows, signal) =>
      computeTextRows(rows, {
        column,
        signal,
        none,
        async describe(text) {
          const probabilities = await network.run(text);
          return {
            ...Object.fromEntries(classes.map((name, i) => [name, probabilities[i] as number])),
            sentiment: (probabilities[positive] ?? 0) - (probabilities[negative] ?? 0),
          };
        },
      }),
    close: () => network.close(),
  };
}
