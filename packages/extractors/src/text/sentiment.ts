import type { Artifact, ComputeDescriptor } from '@larder/features';
import type { TextOptions } from './text-options.ts';

export interface SentimentOptions extends TextOptions {
  /**
   * Folder of a classifier: `model.onnx` (int64 tokens [N, L] → float32 [N, classes]), `tokenizer.json` and `golden.json`;
   * its classes are among `negative`, `neutral` and `positive`.
   */
  readonly model: Artifact;
}

/**
 * Texts → `sentiment` (-1 to 1: the probability of `positive` less that of `negative`) and, by name, the probability of each
 * class (0 to 1). The view's schema declares the ones that it wants. A row without a text gets nulls; of a text that is
 * longer than the network reads, the beginning counts.
 */
export function sentiment(options: SentimentOptions): ComputeDescriptor {
  const column = options.column ?? 'text';
  return {
    kind: 'sentiment',
    options: { column },
    artifacts: { model: options.model },
    load: async () => {
      const { createSentimentComputation } = await import('./sentiment-computation.ts');
      return { createComputation: (context) => createSentimentComputation(context, column) };
    },
  };
}
