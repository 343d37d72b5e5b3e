import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createSession } from './create-session.ts';
import { checkGoldenRows, readGoldenRows } from './golden-rows.ts';
import { checkSignature, type ModelDefinition } from './model-signature.ts';
import { runInline, runInPool, type CheckedModel, type RunModel } from './run-model.ts';
import { createSessionPool } from './session-pool.ts';

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
  readonly run: RunModel;
  close(): Promise<void>;
}

/**
 * Loads an artifact: signature, golden rows, warm-up, placement.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function loadModel(options: LoadModelOptions): Promise<ModelRunner> {
  const { artifactPath, width, outputs, placement = 'auto', missing = Number.NaN } = options;
  const definition: ModelDefinition = { features: options.expectedFeatures, width, outputs };
  const modelPath = join(artifactPath, 'model.onnx');
  const session = await createSession({ modelPath });
  let keepSession = false;
  try {
    const signature = checkSignature(session, definition, modelPath);
    const golden = await readGoldenRows(artifactPath, definition, missing);
    const model: CheckedModel = { modelPath, signature, width };
    const run = runInline(model, session);
    await checkGoldenRows(golden, run);
    const oneRowMs = await timeOneRow(run, golden.tensor);

    const loaded = { width, outputs, oneRowMs };
    keepSession = placement === 'inline' || (placement === 'auto' && oneRowMs < INLINE_LIMIT_MS);
    if (keepSession) return { ...loaded, placement: 'inline', run, close: () => session.close() };

    const threads = options.poolThreads ?? Math.max(1, availableParallelism() - 1);
    const { input, outputTensors } = signature;
    const pool = await createSessionPool({ modelPath, width, input, outputTensors, threads });
    return { ...loaded, placement: 'pool', run: runInPool(model, pool), close: () => pool.close() };
  } finally {
    if (!keepSession) await session.close();
  }
}

/** Median of up to 21 runs of the first row, within about 200 ms; the runs also warm the session. */
async function timeOneRow(run: RunModel, tensor: Float32Array): Promise<number> {
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
