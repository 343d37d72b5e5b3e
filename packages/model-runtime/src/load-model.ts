import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { checkArtifact, type CheckedArtifact } from './artifact/check-artifact.ts';
import type { ModelDefinition } from './artifact/model-signature.ts';
import type { NamedInput } from './artifact/named-inputs.ts';
import type { ModelInput } from './session/feed.ts';
import { openChecked } from './artifact/open-checked.ts';
import type { Session } from './session/create-session.ts';
import { runInPool } from './pool/run-in-pool.ts';
import type { RunCounts } from './pool/run-queue.ts';
import { createSessionPool } from './pool/session-pool.ts';
import { endThread, startChecking } from './pool/start-thread.ts';
import { runInline, type RunModel } from './session/run-model.ts';

/** A slower run on the caller's thread would block every other request of the process for too long. */
const INLINE_LIMIT_MS = 0.5;
/** The same limit for opening the file: many megabytes of trees may still run in microseconds. */
const INLINE_OPEN_LIMIT_MS = 100;

export interface LoadModelOptions {
  /** Name of the model in errors of runs, which callers see. @default name of the folder */
  readonly name?: string;
  /** Folder with `model.onnx` and `golden.json`. */
  readonly artifactPath: string;
  /** `view:feature` in the order of the tensor. */
  readonly expectedFeatures: readonly string[];
  /** Columns F of the tensor, or of all inputs: a vector of n takes n. */
  readonly width: number;
  /** The inputs of a model that takes several by name; by default it has one float32 tensor. */
  readonly inputs?: readonly NamedInput[] | undefined;
  /** Names of the output fields, one float each. */
  readonly outputs: readonly string[];
  /** Value in the tensor for a null of the golden rows. @default NaN */
  readonly missing?: number;
  /**
   * `auto` times one row: below 0.5 ms it runs on the caller's thread, otherwise in a pool of threads. `inline` does everything
   * on the caller's thread, including the checks, which is faster when nothing else runs: in a command or a test.
   */
  readonly placement?: 'auto' | 'inline' | 'pool';
  /** Threads of the pool. @default all cores but one */
  readonly poolThreads?: number;
}

/** A loaded, checked and warm model. */
export interface ModelRunner {
  /** Columns F of the tensor, or of all inputs. */
  readonly width: number;
  /** In the order of a feed. */
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly string[];
  readonly placement: 'inline' | 'pool';
  /** Median of one row at load, in milliseconds, without the hop to a thread. */
  readonly oneRowMs: number;
  /**
   * Runs the first `rows` rows of the tensor, or of the tensors in the order of `inputs`, and returns one float per row for
   * each output field. Safe for concurrent calls; the tensors must not change until the promise resolves.
   * @throws MODEL_RUN_FAILED; in a pool also MODEL_OVERLOADED, DEADLINE_EXCEEDED and CALLER_LEFT
   */
  readonly run: RunModel;
  /**
   * Checks, before any work is done for a run, that it can be expected to finish in time.
   * @throws MODEL_OVERLOADED, DEADLINE_EXCEEDED
   */
  admit(rows: number, deadlineAtMs: number): void;
  /** Counts of the pool's queue; all 0 inline. */
  runCounts(): RunCounts;
  /** Fails runs that wait for a thread; resolves when the running ones have ended. */
  close(): Promise<void>;
}

/**
 * Loads an artifact: signature, golden rows, warm-up, placement. Opening, checking and timing a slow model block a
 * thread, so they run on a separate thread, and on the caller's only with `placement: 'inline'`.
 * @throws ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH
 */
export async function loadModel(options: LoadModelOptions): Promise<ModelRunner> {
  const { artifactPath, width, outputs, placement = 'auto' } = options;
  const name = options.name ?? basename(artifactPath);
  const check = { name, artifactPath, ...definitionOf(options) };
  if (placement === 'inline') {
    const { session, artifact } = await checkArtifact(check);
    return inlineRunner(artifact, { session, outputs });
  }
  const { worker, artifact } = await startChecking(check);
  if (placement === 'auto' && artifact.oneRowMs < INLINE_LIMIT_MS && artifact.openMs < INLINE_OPEN_LIMIT_MS) {
    await endThread(worker);
    return inlineRunner(artifact, { session: await openChecked(artifact.model), outputs });
  }
  const threads = options.poolThreads ?? Math.max(1, availableParallelism() - 1);
  const pool = await createSessionPool({
    model: artifact.model,
    oneRowMs: artifact.oneRowMs,
    first: worker,
    threads,
  });
  return {
    width,
    inputs: artifact.model.signature.inputs,
    outputs,
    oneRowMs: artifact.oneRowMs,
    placement: 'pool',
    run: runInPool(artifact.model, pool),
    admit: (rows, deadlineAtMs) => pool.admit(rows, deadlineAtMs),
    runCounts: () => pool.counts(),
    close: () => pool.close(),
  };
}

/** What the file is checked against. */
export function definitionOf(options: LoadModelOptions): ModelDefinition {
  const { expectedFeatures: features, width, outputs, inputs, missing = Number.NaN } = options;
  return { features, width, outputs, missing, ...(inputs !== undefined && { inputs }) };
}

const NO_RUNS: RunCounts = { waiting: 0, threads: 0, busy: 0, started: 0, refused: 0, late: 0, abandoned: 0 };

function inlineRunner(
  { model, oneRowMs }: CheckedArtifact,
  { session, outputs }: { readonly session: Session; readonly outputs: readonly string[] },
): ModelRunner {
  const run = runInline(model, session);
  return {
    width: model.width,
    inputs: model.signature.inputs,
    outputs,
    oneRowMs,
    placement: 'inline',
    run,
    admit: () => {},
    runCounts: () => NO_RUNS,
    close: () => session.close(),
  };
}
