import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { LarderError } from '@larder/core';
import { createSession, type Session } from './create-session.ts';
import { readGoldenRows, worstDifference, type GoldenRows } from './golden-rows.ts';
import { checkSignature, type ModelDefinition, type ModelSignature } from './model-signature.ts';
import { createSessionPool, runFailed } from './session-pool.ts';

/** Above this a run would hold up every other request of the process for too long. */
const INLINE_LIMIT_MS = 0.5;

export interface LoadModelOptions {
  /** Folder with `model.onnx` and `golden.json`. */
  readonly artifactPath: string;
  /** `view:feature` in the order of the tensor. */
  readonly expectedFeatures: readonly string[];
  /** Columns F of the tensor: a vector of n takes n. */
  readonly width: number;
  /** Names of the output fields, one float each. */
  readonly outputs: readonly string[];
  /** What stands in the tensor for a null of the golden rows; NaN unless the model declares a number. */
  readonly missing?: number;
  /** `auto` times one row: below 0.5 ms on the caller's thread, else in a pool of threads. */
  readonly placement?: 'auto' | 'inline' | 'pool';
  /** Threads of the pool; all cores but one unless given. */
  readonly poolThreads?: number;
}

/** A loaded, checked and warm model. */
export interface ModelRunner {
  /** Columns F of the tensor. */
  readonly width: number;
  readonly outputs: readonly string[];
  readonly placement: 'inline' | 'pool';
  /** Median of one row at load, in milliseconds, without the hop to a thread. */
  readonly oneRowMs: number;
  /**
   * Runs the first `rows` × `width` floats, row by row, and gives one float per row for each output field.
   * Safe for concurrent calls; the tensor must stay as it is until the promise resolves.
   * @throws MODEL_RUN_FAILED
   */
  run(tensor: Float32Array, rows: number): Promise<Readonly<Record<string, Float32Array>>>;
  close(): Promise<void>;
}

/**
 * Loads an artifact: signature, golden rows, warm-up, placement.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function loadModel(options: LoadModelOptions): Promise<ModelRunner> {
  const { artifactPath, width, outputs, placement = 'auto' } = options;
  const definition: ModelDefinition = { features: options.expectedFeatures, width, outputs };
  const modelPath = join(artifactPath, 'model.onnx');
  const session = await createSession({ modelPath });
  try {
    const signature = checkSignature(session, definition, modelPath);
    const golden = await readGoldenRows(artifactPath, definition);
    const runInline = inlineRun({ session, signature, width, modelPath });
    await checkGolden({
      golden,
      run: runInline,
      missing: options.missing ?? Number.NaN,
      artifactPath,
      width,
    });
    const oneRowMs = await timeOneRow(runInline, width);

    const loaded = { width, outputs, oneRowMs };
    if (placement === 'inline' || (placement === 'auto' && oneRowMs < INLINE_LIMIT_MS)) {
      return { ...loaded, placement: 'inline', run: runInline, close: () => session.close() };
    }
    await session.close();
    const pool = await createSessionPool({
      modelPath,
      width,
      input: signature.input,
      outputTensors: signature.outputTensors,
      threads: options.poolThreads ?? Math.max(1, availableParallelism() - 1),
    });
    return {
      ...loaded,
      placement: 'pool',
      run: async (tensor, rows) => {
        assertRows(tensor, rows, width);
        return selectColumns(signature, await pool.run(tensor, rows), rows);
      },
      close: () => pool.close(),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

type Run = ModelRunner['run'];

/** Fresh tensors for every run: reusing them was measured to bring nothing (9.5 µs either way) and would forbid concurrency. */
function inlineRun(model: {
  session: Session;
  signature: ModelSignature;
  width: number;
  modelPath: string;
}): Run {
  const { session, signature, width, modelPath } = model;
  return async (tensor, rows) => {
    assertRows(tensor, rows, width);
    const size = rows * width;
    const data = tensor.length === size ? tensor : tensor.subarray(0, size);
    const results = await session
      .run({ [signature.input]: { data, dims: [rows, width] } }, signature.outputTensors)
      .catch((cause: unknown) => {
        throw runFailed(modelPath, cause instanceof Error ? cause.message : String(cause), cause);
      });
    const tensors: Record<string, Float32Array> = {};
    for (const [name, result] of Object.entries(results)) tensors[name] = result.data;
    return selectColumns(signature, tensors, rows);
  };
}

function assertRows(tensor: Float32Array, rows: number, width: number): void {
  if (tensor.length < rows * width) {
    throw new Error(`a tensor of ${tensor.length} floats cannot hold ${rows} rows of ${width}`);
  }
}

/** Output fields from output tensors; a tensor with one column is handed on without copying. */
function selectColumns(
  { columns }: ModelSignature,
  tensors: Readonly<Record<string, Float32Array>>,
  rows: number,
): Record<string, Float32Array> {
  const fields: Record<string, Float32Array> = {};
  for (const { field, tensor, column } of columns) {
    const data = tensors[tensor] as Float32Array;
    const width = data.length / rows;
    fields[field] =
      width === 1
        ? data
        : Float32Array.from({ length: rows }, (_, row) => data[row * width + column] as number);
  }
  return fields;
}

interface GoldenCheck {
  readonly golden: GoldenRows;
  readonly run: Run;
  readonly missing: number;
  readonly artifactPath: string;
  readonly width: number;
}

async function checkGolden({ golden, run, missing, artifactPath, width }: GoldenCheck): Promise<void> {
  const rows = golden.rows.length;
  const tensor = new Float32Array(rows * width);
  for (const [row, values] of golden.rows.entries()) {
    for (const [column, value] of values.entries()) tensor[row * width + column] = value ?? missing;
  }
  const actual = await run(tensor, rows);
  for (const [field, expected] of Object.entries(golden.outputs)) {
    const worst = worstDifference(actual[field] ?? [], expected, golden.tolerance);
    if (worst === null) continue;
    throw new LarderError(
      'MODEL_GOLDEN_MISMATCH',
      `${artifactPath}: golden row ${worst.index} has ${field} = ${worst.expected}, the model gives ${worst.actual} here ` +
        `(tolerance ${golden.tolerance}). Write model.onnx and golden.json again in one go.`,
    );
  }
}

/** Median of up to 21 runs, within about 200 ms; the runs also warm the session. */
async function timeOneRow(run: Run, width: number): Promise<number> {
  const tensor = new Float32Array(width);
  const times: number[] = [];
  const begin = performance.now();
  await run(tensor, 1);
  do {
    const start = performance.now();
    await run(tensor, 1);
    times.push(performance.now() - start);
  } while (times.length < 21 && performance.now() - begin < 200);
  return times.toSorted((a, b) => a - b)[times.length >> 1] as number;
}
