import { buildOnnx } from '@larder/model-runtime/onnx';

/** int64 tokens [N, L] → the vector of each [N, L, K], whose mean has length 1. */
export function encoderOnnx(vectors: Float32Array, dimensions: number): Uint8Array {
  return buildOnnx({
    name: 'text_encoder',
    inputs: [{ name: 'input_ids', type: 'int64', shape: ['N', 'L'] }],
    outputs: [{ name: 'of_tokens', shape: ['N', 'L', dimensions] }],
    nodes: [{ op: 'Gather', inputs: ['vectors', 'input_ids'], outputs: ['of_tokens'] }],
    initializers: { vectors: { shape: [vectors.length / dimensions, dimensions], data: vectors } },
    metadata: { 'larder.text': JSON.stringify({ max_tokens: 256, pooling: 'mean', normalize: true }) },
  });
}
