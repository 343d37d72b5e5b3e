export { buildOnnx } from './build-onnx.ts';
export type {
  OnnxAttribute,
  OnnxGraph,
  OnnxInitializer,
  OnnxNode,
  OnnxValue,
  TensorShape,
} from './build-onnx.ts';
