// For training scripts in TypeScript: reading a training set, writing an ONNX graph, and what completes the folder of a trained model.
export { buildOnnx } from '@larder/model-runtime/onnx';
export type { OnnxGraph, OnnxNode } from '@larder/model-runtime/onnx';
export { readTensor, readTensors, sealArtifact } from '@larder/training/seal';
export type {
  ReadTensorOptions,
  ReadTensorsOptions,
  Scores,
  SealedArtifact,
  SealOptions,
  TrainingTensor,
  TrainingTensors,
  TypedRow,
} from '@larder/training/seal';
