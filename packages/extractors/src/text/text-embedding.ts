import type { Artifact, ComputeDescriptor } from '@larder/features';
import type { TextOptions } from './text-options.ts';

export interface TextEmbeddingOptions extends TextOptions {
  /**
   * Folder of an encoder: `model.onnx` (int64 tokens [N, L] → float32 [N, K], or [N, L, K], which is pooled),
   * `tokenizer.json` and `golden.json`.
   */
  readonly encoder: Artifact;
}

/**
 * Texts → `embedding` (vector, as long as the encoder's output). A row without a text gets null; of a text that is longer
 * than the encoder reads, the beginning counts.
 */
export function textEmbedding(options: TextEmbeddingOptions): ComputeDescriptor {
  const column = options.column ?? 'text';
  return {
    kind: 'text_embedding',
    options: { column },
    artifacts: { encoder: options.encoder },
    load: async () => {
      const { createEmbeddingComputation } = await import('./embedding-computation.ts');
      return { createComputation: (context) => createEmbeddingComputation(context, column) };
    },
  };
}
