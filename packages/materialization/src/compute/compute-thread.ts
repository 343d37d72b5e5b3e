import { workerData } from 'node:worker_threads';
import { createLogger, isLarderError, LarderError, type ErrorCode, type LogLevel } from '@larder/core';
import {
  artifactFolder,
  loadProject,
  type Computation,
  type LoadedProject,
  type RowOutcome,
  type SourceRow,
} from '@larder/features';

/** What a thread is started with. */
export interface ComputeThreadData {
  readonly configPath: string;
  readonly logLevel: LogLevel;
}

export interface ComputeTask {
  readonly viewRef: string;
  /** Of the definition the worker process loaded; the files may have changed since. */
  readonly fingerprint: string;
  readonly rows: readonly SourceRow[];
  /** The computation is asked to stop after this time. */
  readonly timeoutMs: number;
}

/** Thrown errors lose their class and code between threads, so ours come back as data. */
export type ComputeAnswer =
  | { readonly outcomes: RowOutcome[] }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } };

let project: Promise<LoadedProject> | undefined;
/** One per view and thread, kept for as long as the thread lives: models stay loaded. */
const computations = new Map<string, Promise<Computation>>();

/** Piscina calls the default export with each task; several may be under way in one thread. */
export default async function compute(task: ComputeTask): Promise<ComputeAnswer> {
  try {
    const computation = await computationOf(task);
    return { outcomes: await computation.compute(task.rows, AbortSignal.timeout(task.timeoutMs)) };
  } catch (error) {
    if (isLarderError(error)) return { error: { code: error.code, message: error.message } };
    throw error;
  }
}

function computationOf(task: ComputeTask): Promise<Computation> {
  let computation = computations.get(task.viewRef);
  if (!computation) {
    computation = create(task);
    computations.set(task.viewRef, computation);
    // A start that failed (an artifact being copied) is tried anew by the next task.
    computation.catch(() => computations.delete(task.viewRef));
  }
  return computation;
}

async function create({ viewRef, fingerprint }: ComputeTask): Promise<Computation> {
  const { configPath, logLevel } = workerData as ComputeThreadData;
  const loaded = await (project ??= loadProject(configPath).catch((error: unknown) => {
    project = undefined;
    throw error;
  }));
  const descriptor = loaded.featureViews.get(viewRef)?.compute;
  if (!descriptor || loaded.manifest.feature_views[viewRef]?.fingerprint !== fingerprint)
    throw new LarderError(
      'DEFINITION_NOT_LOADED',
      `The files of ${viewRef} changed since this worker started; restart the worker.`,
    );
  const module = await descriptor.load();
  return module.createComputation({
    options: descriptor.options,
    artifactPaths: Object.fromEntries(
      Object.entries(descriptor.artifacts).map(([name, artifact]) => [
        name,
        // Loading the project hashed it, so it is there.
        artifactFolder(artifact, loaded.root) as string,
      ]),
    ),
    allowedHosts: loaded.manifest.allowed_hosts,
    logger: createLogger('larder-compute', { level: logLevel }).child({ view: viewRef }),
  });
}
