import { createHash } from 'node:crypto';
import { LarderError } from '@larder/core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readModelFile } from './model-file.ts';

export interface SessionOptions {
  readonly modelPath: string;
  /** Threads inside one run. For small models, more than one burns CPU without any gain. */
  readonly intraOpThreads?: number;
}

/** A dimension that is not fixed is null. */
export interface TensorSpec {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | null)[];
}

export interface FloatTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Data in the element type of the network's input: float32, float64, int64, bool or string. */
export interface InputTensor {
  readonly data: Float32Array | Float64Array | BigInt64Array | Uint8Array | readonly string[];
  readonly dims: readonly number[];
}

export interface Session {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** `metadata_props` of the file. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Hash of the file. */
  readonly sha256: string;
  /**
   * Runs on the caller's thread and blocks it; the data of `feeds` must not change until it resolves.
   * Concurrent calls are safe: every run has its own tensors.
   * @param outputs names of the outputs to compute. @default all
   * @throws Error with the given and the expected names and sizes when they differ
   */
  run<Name extends string = string>(
    feeds: Readonly<Record<string, InputTensor>>,
    outputs?: readonly Name[],
  ): Promise<Record<Name, FloatTensor>>;
  close(): Promise<void>;
}

/**
 * Opens an ONNX file with one CPU thread per run.
 * @throws ARTIFACT_INVALID when the file is missing, is not ONNX, or keeps tensors in other files.
 */
export async function createSession({ modelPath, intraOpThreads = 1 }: SessionOptions): Promise<Session> {
  const { bytes, metadata, externalTensors } = await readModelFile(modelPath);
  if (externalTensors.length > 0) {
    throw new LarderError(
      'ARTIFACT_INVALID',
      `${modelPath} keeps ${externalTensors.length} tensors in other files (first: ${externalTensors[0]}); ` +
        'an artifact has one model file; save the model with its data inside.',
    );
  }
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Errors only: ONNX Runtime writes past the logger, straight to stderr.
    logSeverityLevel: 3,
    ...(intraOpThreads > 1 && { extra: { session: { intra_op: { allow_spinning: '0' } } } }),
  }).catch((cause: unknown) => {
    throw notOpened(modelPath, cause);
  });
  const inputs = session.inputMetadata.map(tensorSpec);
  const outputs = session.outputMetadata.map(tensorSpec);
  const outputNames = outputs.map((output) => output.name);
  return {
    inputs,
    outputs,
    metadata,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async run<Name extends string>(
      feeds: Readonly<Record<string, InputTensor>>,
      wanted: readonly string[] = outputNames,
    ) {
      try {
        const tensors: Record<string, Tensor> = {};
        for (const [name, { data, dims }] of Object.entries(feeds)) tensors[name] = newTensor(data, dims);
        return (await session.run(tensors, wanted)) as unknown as Record<Name, FloatTensor>;
      } catch (cause) {
        const given = Object.entries(feeds).map(([name, { data, dims }]) => ({
          name,
          type: elementType(data),
          shape: dims,
        }));
        throw new Error(
          `${messageOf(cause).replace(/\.$/, '')}. Given: ${namedTensors(given)}. ` +
            `Inputs of the network: ${namedTensors(inputs)}; outputs: ${namedTensors(outputs)}.`,
          { cause },
        );
      }
    },
    close: () => session.release(),
  };
}

function newTensor(data: InputTensor['data'], dims: readonly number[]): Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, dims);
  if (data instanceof BigInt64Array) return new Tensor('int64', data, dims);
  if (data instanceof Float64Array) return new Tensor('float64', data, dims);
  if (data instanceof Uint8Array) return new Tensor('bool', data, dims);
  return new Tensor('string', data, dims);
}

function elementType(data: InputTensor['data']): string {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof BigInt64Array) return 'int64';
  if (data instanceof Float64Array) return 'float64';
  return data instanceof Uint8Array ? 'bool' : 'string';
}

/** Recent `onnx` releases write versions by default that ONNX Runtime does not read yet. */
const TOO_NEW = [
  {
    says: /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    fix: 'set model.ir_version = MAX before Python saves it',
    name: 'IR version',
  },
  {
    says: /Opset (\d+) is under development.*is till opset (\d+)/s,
    fix: 'export it again with opset_version=MAX',
    name: 'opset',
  },
];

function notOpened(modelPath: string, cause: unknown): LarderError {
  const message = messageOf(cause);
  const problems = TOO_NEW.flatMap(({ says, fix, name }) => {
    const [, has, max] = says.exec(message) ?? [];
    if (has === undefined || max === undefined) return [];
    return `it has ${name} ${has}; at most ${max} is supported; ${fix.replace('MAX', max)}.`;
  });
  return new LarderError(
    'ARTIFACT_INVALID',
    `ONNX Runtime cannot open ${modelPath}: ${problems[0] ?? message}`,
    { cause },
  );
}

/** `name (float32 [N, 3])` for each; N is a dimension that is not fixed. */
export function namedTensors(specs: readonly TensorSpec[]): string {
  return specs.map(({ name, type, shape }) => `${name} (${type} ${shownShape(shape)})`).join(', ') || 'none';
}

export function shownShape(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => size ?? 'N').join(', ')}]`;
}

function tensorSpec(metadata: InferenceSession.ValueMetadata): TensorSpec {
  if (!metadata.isTensor) return { name: metadata.name, type: 'not a tensor', shape: [] };
  return {
    name: metadata.name,
    type: metadata.type,
    shape: metadata.shape.map((size) => (typeof size === 'number' ? size : null)),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
