// ONNX files: running them in your own computations, and writing them from a training script. Separate from the definitions, which load no native library.
export { createSession } from '@larder/model-runtime';
export type { FloatTensor, Session, SessionOptions, TensorSpec } from '@larder/model-runtime';
export { buildOnnx } from '@larder/model-runtime/onnx';
export type { OnnxGraph, OnnxNode } from '@larder/model-runtime/onnx';
