import { extname } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { LarderError } from '@larder/core';
import type { RowOutcome } from '@larder/features';
import type { ComputeBatch, ComputeMessage, ComputeTask, ComputeThreadData } from './compute-thread.ts';

/** A batch that waits for a thread or is running in one. */
export interface ComputeJob {
  readonly batch: ComputeBatch;
  readonly resolve: (outcomes: RowOutcome[]) => void;
  readonly reject: (error: Error) => void;
  /** True when it ran in a thread that died, and may have killed it: it must not share a thread with another batch. */
  suspect: boolean;
}

export interface ComputeThreadOptions {
  readonly data: ComputeThreadData;
  readonly timeoutMs: number;
  readonly graceMs: number;
  /** Called when a batch has ended, so that another one may start. */
  onRoom(): void;
  /** Called once. Batches that died with the thread through no fault of their own are returned, to run elsewhere. */
  onDeath(unharmed: readonly ComputeJob[], suspects: readonly ComputeJob[]): void;
}

export interface ComputeThread {
  readonly jobs: readonly ComputeJob[];
  run(job: ComputeJob): void;
  /** Terminates the thread; running batches fail with COMPUTATION_FAILED. */
  close(): Promise<void>;
}

type ComputeEnd = Extract<ComputeMessage, { readonly event: 'outcomes' | 'error' }>;

interface Running {
  readonly job: ComputeJob;
  asked: boolean;
  timer?: NodeJS.Timeout;
}

const MODULE = new URL(`./compute-thread${extname(import.meta.filename)}`, import.meta.url);

/**
 * Of garbage and of buffers outside of V8's heap, which pictures and tensors are. V8 begins with less than their pace
 * asks for and collects the whole heap of a thread every two dozen pictures, a twelfth of all that a picture costs.
 */
const HEAP_BEFORE_COLLECTING_MB = 64;

export function startComputeThread(options: ComputeThreadOptions): ComputeThread {
  const { timeoutMs, graceMs } = options;
  const { sharedBytesPort, artifactsPort, valueMemoryPort } = options.data;
  // Holds for heaps that are made from now on; `resourceLimits` has no such limit.
  setFlagsFromString(`--initial-old-space-size=${HEAP_BEFORE_COLLECTING_MB}`);
  // 0: V8's own size, whatever limit the worker's main thread was started with.
  setFlagsFromString('--max-semi-space-size=0');
  const worker = new Worker(MODULE, {
    workerData: options.data,
    transferList: [sharedBytesPort, artifactsPort, ...(valueMemoryPort === null ? [] : [valueMemoryPort])],
  });
  const running = new Map<number, Running>();
  let nextId = 0;
  let heard = false;
  let alive = true;

  // A library in the thread may send its own messages.
  worker.on('message', (message: ComputeMessage | null | undefined) => {
    heard = true;
    const entry = message && running.get(message.id);
    if (!entry) return;
    if (message.event === 'asked') entry.asked = true;
    else if (message.event === 'started') watch(message.id, entry);
    else if (message.event === 'outcomes' || message.event === 'error') {
      finish(message.id);
      settle(entry.job, message);
      options.onRoom();
    }
  });
  worker.on('error', (error) => died(error instanceof Error ? error.message : String(error)));
  worker.on('exit', (code) => died(`its thread ended with code ${code}`));

  function watch(id: number, entry: Running): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => {
      // The main thread was busy: outcomes may have arrived and wait to be read.
      setImmediate(() => running.has(id) && overdue(id, entry));
    }, timeoutMs + graceMs);
  }

  /** Only terminating its thread stops a computation that ignores the signal. */
  function overdue(id: number, { job, asked }: Running): void {
    const reason = `it did not end within ${timeoutMs + graceMs} ms`;
    // Not asked: a batch blocks the thread, and it may be the other one.
    if (!asked) return died(reason);
    finish(id);
    job.reject(computationFailed(job.batch, reason));
    end(takeAll(), []);
  }

  function died(reason: string): void {
    if (!alive) return;
    const jobs = takeAll();
    if (heard && jobs.length > 1) return end([], jobs);
    // A thread that does not start is not the fault of a batch, but another one would not start either.
    for (const job of jobs) job.reject(computationFailed(job.batch, reason));
    end([], []);
  }

  function end(unharmed: readonly ComputeJob[], suspects: readonly ComputeJob[]): void {
    alive = false;
    void worker.terminate();
    options.onDeath(unharmed, suspects);
  }

  function finish(id: number): void {
    clearTimeout(running.get(id)?.timer);
    running.delete(id);
  }

  function takeAll(): ComputeJob[] {
    const jobs = [...running.values()].map(({ job }) => job);
    for (const id of running.keys()) finish(id);
    return jobs;
  }

  return {
    get jobs() {
      return [...running.values()].map(({ job }) => job);
    },
    run(job) {
      const task: ComputeTask = { id: nextId++, timeoutMs, ...job.batch };
      running.set(task.id, { job, asked: false });
      worker.postMessage(task);
    },
    async close() {
      alive = false;
      for (const job of takeAll()) job.reject(computationFailed(job.batch, 'the worker is stopping'));
      await worker.terminate();
    },
  };
}

function settle({ batch, resolve, reject }: ComputeJob, message: ComputeEnd): void {
  if (message.event === 'error') {
    const { code, message: text } = message;
    return reject(code === null ? computationFailed(batch, text) : new LarderError(code, text));
  }
  const { outcomes } = message;
  if (outcomes.length === batch.rows.length) return resolve(outcomes);
  reject(computationFailed(batch, `it returned ${outcomes.length} outcomes for ${batch.rows.length} rows`));
}

export function computationFailed({ viewRef }: ComputeBatch, reason: string): LarderError {
  return new LarderError('COMPUTATION_FAILED', `The computation of ${viewRef} failed: ${reason}`);
}
