import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

/** A dimension that is not fixed has a name: `N`. */
export type TensorShape = readonly (number | string)[];

export interface OnnxValue {
  readonly name: string;
  readonly shape: TensorShape;
  /** @default 'float32' */
  readonly type?: 'float32' | 'float64' | 'int64' | 'bool' | 'string';
}

/** Spelled out, because ONNX distinguishes the float 1 from the integer 1. */
export type OnnxAttribute =
  | { readonly float: number }
  | { readonly int: number }
  | { readonly string: string }
  | { readonly floats: readonly number[] }
  | { readonly ints: readonly number[] }
  | { readonly strings: readonly string[] };

export interface OnnxNode {
  readonly op: string;
  /** Empty for the standard operators; `ai.onnx.ml` for tree ensembles. */
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxInitializer {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Ordered so that every input is known before it is used. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers?: Readonly<Record<string, OnnxInitializer>>;
  /** `metadata_props` of the file: `larder.features` and anything else for its readers. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The bytes of an ONNX file (IR 8, opset 17, ai.onnx.ml 3), the same for the same graph. */
export function buildOnnx(graph: OnnxGraph): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: 8,
    producerName: 'larder',
    opsetImport: [
      { domain: '', version: 17 },
      { domain: 'ai.onnx.ml', version: 3 },
    ],
    metadataProps: Object.entries(graph.metadata ?? {}).map(([key, value]) => ({ key, value })),
    graph: {
      name: graph.name,
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
      node: graph.nodes.map((node) => ({
        opType: node.op,
        domain: node.domain ?? '',
        name: node.outputs[0] ?? '',
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes ?? {}).map(([name, value]) => attribute(name, value)),
      })),
      initializer: Object.entries(graph.initializers ?? {}).map(([name, { shape, data }]) => ({
        name,
        dims: [...shape],
        dataType:
          data instanceof Float32Array ? onnx.TensorProto.DataType.FLOAT : onnx.TensorProto.DataType.INT64,
        rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      })),
    },
  });
  return onnx.ModelProto.encode(model).finish();
}

const ELEMENT_TYPES = {
  float32: onnx.TensorProto.DataType.FLOAT,
  float64: onnx.TensorProto.DataType.DOUBLE,
  int64: onnx.TensorProto.DataType.INT64,
  bool: onnx.TensorProto.DataType.BOOL,
  string: onnx.TensorProto.DataType.STRING,
} as const;

function valueInfo({ name, shape, type = 'float32' }: OnnxValue): InstanceType<typeof onnx.ValueInfoProto> {
  return onnx.ValueInfoProto.create({
    name,
    type: {
      tensorType: {
        elemType: ELEMENT_TYPES[type],
        shape: {
          dim: shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })),
        },
      },
    },
  });
}

function attribute(name: string, value: OnnxAttribute): InstanceType<typeof onnx.AttributeProto> {
  const { AttributeType } = onnx.AttributeProto;
  const utf8 = new TextEncoder();
  if ('float' in value)
    return onnx.AttributeProto.create({ name, type: AttributeType.FLOAT, f: value.float });
  if ('int' in value) return onnx.AttributeProto.create({ name, type: AttributeType.INT, i: value.int });
  if ('string' in value) {
    return onnx.AttributeProto.create({ name, type: AttributeType.STRING, s: utf8.encode(value.string) });
  }
  if ('floats' in value) {
    return onnx.AttributeProto.create({ name, type: AttributeType.FLOATS, floats: [...value.floats] });
  }
  if ('ints' in value)
    return onnx.AttributeProto.create({ name, type: AttributeType.INTS, ints: [...value.ints] });
  return onnx.AttributeProto.create({
    name,
    type: AttributeType.STRINGS,
    strings: value.strings.map((text) => utf8.encode(text)),
  });
}
