import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import {
  createLogger,
  isLarderError,
  LarderError,
  type ErrorCode,
  type Logger,
  type LogLevel,
} from '@larder/core';
import {
  definitionFingerprint,
  loadProject,
  type Computation,
  type ComputationModule,
  type LoadedProject,
  type RowOutcome,
  type SourceRow,
} from '@larder/features';
import { askArtifactFolders } from './artifact-folders/ask-artifact-folders.ts';
import { askValueMemory } from './value-memory/ask-value-memory.ts';
import type { BatchMemory } from './value-memory/batch-memory.ts';
import type { SuppliedComputation } from '../predictions/prediction-models.ts';
import { joinSharedBytes } from './shared-bytes/join-shared-bytes.ts';

/** Start data of a thread. */
export interface ComputeThreadData {
  readonly configPath: string;
  readonly logLevel: LogLevel;
  /** Port to the bytes that the threads of this process share. */
  readonly sharedBytesPort: MessagePort;
  /** Port over which the thread asks for folders of artifacts. */
  readonly artifactsPort: MessagePort;
  /** Port to the memory of values; null: this process remembers nothing. */
  readonly valueMemoryPort: MessagePort | null;
}

export interface ComputeBatch {
  readonly viewRef: string;
  /** `definitionFingerprint` of what the worker process loaded; the files may have changed since. */
  readonly definition: string;
  /** Hashes of the artifacts to compute with, by the names that the descriptor gives them. */
  readonly artifacts: Readonly<Record<string, string>>;
  readonly rows: readonly SourceRow[];
  /** In place of the computation that the project defines. @default that one */
  readonly supplied?: SuppliedComputation | undefined;
  /** @default nothing is remembered of it */
  readonly memory?: BatchMemory | undefined;
}

export interface ComputeTask extends ComputeBatch {
  readonly id: number;
  /** Time after which the computation is asked to stop. */
  readonly timeoutMs: number;
}

/**
 * Messages of a thread about a task. `started` is sent when the thread starts it, and again when its computation is
 * loaded; `asked` when its time is up, which a thread with a blocked event loop cannot send. Thrown errors lose their
 * class and code between threads, so ours are sent as data; `code` is null for other errors.
 */
export type ComputeMessage = { readonly id: number } & (
  | { readonly event: 'started' | 'asked' }
  | { readonly event: 'outcomes'; readonly outcomes: RowOutcome[] }
  | { readonly event: 'error'; readonly code: ErrorCode | null; readonly message: string }
);

const { configPath, logLevel, sharedBytesPort, artifactsPort, valueMemoryPort } =
  workerData as ComputeThreadData;
const sharedBytesOf = joinSharedBytes(sharedBytesPort);
const artifactFolder = askArtifactFolders(artifactsPort);
const memoryOf = valueMemoryPort === null ? undefined : askValueMemory(valueMemoryPort);
let project: Promise<LoadedProject> | undefined;
/** One computation per view, with its artifacts, and thread; kept for the lifetime of the thread: models stay loaded. */
const computations = new Map<string, Promise<Computation>>();
/** Of a supplied computation only the newest stays loaded: by view, with the batches that run in it. */
const supplied = new Map<string, SuppliedThere>();

parentPort?.on('message', (task: ComputeTask) => void compute(task));

/** Several tasks may run at the same time. */
async function compute(task: ComputeTask): Promise<void> {
  const { id, timeoutMs } = task;
  let signal: AbortSignal | undefined;
  try {
    send({ id, event: 'started' });
    await withComputation(task, async (computation) => {
      send({ id, event: 'started' });
      signal = AbortSignal.timeout(timeoutMs);
      signal.addEventListener('abort', () => send({ id, event: 'asked' }));
      const memory = task.memory && memoryOf?.(task.memory, signal);
      send({ id, event: 'outcomes', outcomes: await computation.compute(task.rows, signal, memory) });
    });
  } catch (error) {
    let message = error instanceof Error ? error.message : String(error);
    if (signal?.aborted) message = `it did not end within ${timeoutMs} ms (${message})`;
    send({ id, event: 'error', code: isLarderError(error) ? error.code : null, message });
  }
}

function send(message: ComputeMessage): void {
  parentPort?.postMessage(message);
}

interface SuppliedThere {
  readonly id: string;
  readonly computation: Promise<Computation>;
  batches: number;
  /** Another one took its place: it is closed when its batches end. */
  replaced: boolean;
}

async function withComputation(
  task: ComputeBatch,
  run: (computation: Computation) => Promise<void>,
): Promise<void> {
  if (task.supplied === undefined) return run(await computationOf(task));
  const there = suppliedOf(task, task.supplied);
  there.batches++;
  try {
    await run(await there.computation);
  } finally {
    there.batches--;
    await closeReplaced(there);
  }
}

function suppliedOf(task: ComputeBatch, wanted: SuppliedComputation): SuppliedThere {
  const known = supplied.get(task.viewRef);
  if (known?.id === wanted.id) return known;
  const there = {
    id: wanted.id,
    computation: createSupplied(task, wanted),
    batches: 0,
    replaced: false,
  };
  supplied.set(task.viewRef, there);
  there.computation.catch(() => {
    if (supplied.get(task.viewRef) === there) supplied.delete(task.viewRef);
  });
  if (known !== undefined) {
    known.replaced = true;
    closeReplaced(known).catch(() => {});
  }
  return there;
}

async function closeReplaced(there: SuppliedThere): Promise<void> {
  if (!there.replaced || there.batches > 0) return;
  there.replaced = false;
  const computation = await there.computation.catch(() => null);
  await computation?.close();
}

async function createSupplied(
  { viewRef, artifacts }: ComputeBatch,
  { moduleUrl, options }: SuppliedComputation,
): Promise<Computation> {
  const { default: module } = (await import(/* @vite-ignore */ moduleUrl)) as { default: ComputationModule };
  return module.createComputation({
    options,
    artifactPaths: await foldersOf(artifacts),
    allowedHosts: [],
    logger: loggerOf(viewRef),
  });
}

async function foldersOf(artifacts: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const folders = Object.entries(artifacts).map(
    async ([name, sha256]) => [name, await artifactFolder(sha256)] as const,
  );
  return Object.fromEntries(await Promise.all(folders));
}

function loggerOf(view: string): Logger {
  return createLogger('larder-compute', { level: logLevel }).child({ view });
}

function computationOf(task: ComputeBatch): Promise<Computation> {
  const key = JSON.stringify([task.viewRef, task.artifacts]);
  let computation = computations.get(key);
  if (!computation) {
    computation = create(task);
    computations.set(key, computation);
    // The next task retries a start that failed (an artifact store that did not answer).
    computation.catch(() => computations.delete(key));
  }
  return computation;
}

async function create({ viewRef, definition, artifacts }: ComputeBatch): Promise<Computation> {
  const loaded = await (project ??= loadProject(configPath, { artifacts: 'ignored' }).catch(
    (error: unknown) => {
      project = undefined;
      throw error;
    },
  ));
  const descriptor = loaded.featureViews.get(viewRef)?.compute;
  if (!descriptor || definitionFingerprint(loaded.manifest, viewRef) !== definition)
    throw new LarderError(
      'DEFINITION_NOT_LOADED',
      `The files of ${viewRef} changed since this worker started; restart the worker.`,
    );
  const module = await descriptor.load();
  return module.createComputation({
    options: descriptor.options,
    artifactPaths: await foldersOf(artifacts),
    allowedHosts: loaded.manifest.allowed_hosts,
    logger: loggerOf(viewRef),
    sharedBytes: sharedBytesOf(viewRef),
  });
}
