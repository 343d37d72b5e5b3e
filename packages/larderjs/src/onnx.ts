// ONNX files, run in your own computations. Separate from the definitions, which load no native library.
export { createSession } from '@larder/model-runtime';
export type { FloatTensor, Session, SessionOptions, TensorSpec } from '@larder/model-runtime';
