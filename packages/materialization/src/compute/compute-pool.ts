import type { LogLevel } from '@larder/core';
import type { RowOutcome } from '@larder/features';
import type { ComputeBatch } from './compute-thread.ts';
import { serveArtifactFolders, type ArtifactFolder } from './artifact-folders/serve-artifact-folders.ts';
import { createSharedBytes } from './shared-bytes/create-shared-bytes.ts';
import type { ValueMemoryOfProcess } from './value-memory/serve-value-memory.ts';
import {
  computationFailed,
  startComputeThread,
  type ComputeJob,
  type ComputeThread,
} from './start-compute-thread.ts';

export interface ComputePoolOptions {
  readonly configPath: string;
  readonly artifactFolder: ArtifactFolder;
  /** @default nothing is remembered */
  readonly valueMemory?: ValueMemoryOfProcess | undefined;
  readonly threads: number;
  readonly logLevel: LogLevel;
  /** How long one batch may take after a thread has started it. Then its computation is asked to stop. */
  readonly batchTimeoutMs: number;
  /** How long it may take to stop before its thread is terminated. @default 10_000 */
  readonly graceMs?: number;
}

/**
 * Worker threads that keep the views' computations loaded. When a thread dies, the batch that killed it fails, and the
 * thread's other batch runs again; if it is not clear which of the two it was, each runs again alone.
 */
export interface ComputePool {
  /** @throws COMPUTATION_FAILED when no row could be computed; DEFINITION_NOT_LOADED when the files changed since the start */
  compute(batch: ComputeBatch): Promise<RowOutcome[]>;
  /** Closes the pool; running batches fail with COMPUTATION_FAILED. */
  close(): Promise<void>;
}

/** Batches per thread: while one fetches, the other computes. */
export const BATCHES_PER_THREAD = 2;

export function createComputePool(options: ComputePoolOptions): ComputePool {
  const threads = new Set<ComputeThread>();
  const sharedBytes = createSharedBytes();
  const waiting: ComputeJob[] = [];
  const suspects: ComputeJob[] = [];
  let closed = false;

  function pump(): void {
    for (;;) {
      const queue = suspects.length > 0 ? suspects : waiting;
      const [job] = queue;
      const thread = job && threadFor(job);
      if (!thread) return;
      queue.shift();
      thread.run(job);
    }
  }

  function threadFor(job: ComputeJob): ComputeThread | undefined {
    const idle = [...threads].find(({ jobs }) => jobs.length === 0);
    if (idle) return idle;
    if (threads.size < options.threads) return start();
    if (job.suspect) return undefined;
    return [...threads].find(
      ({ jobs }) => jobs.length < BATCHES_PER_THREAD && !jobs.some(({ suspect }) => suspect),
    );
  }

  function start(): ComputeThread {
    const thread = startComputeThread({
      data: {
        configPath: options.configPath,
        logLevel: options.logLevel,
        sharedBytesPort: sharedBytes.connect(),
        artifactsPort: serveArtifactFolders(options.artifactFolder),
        valueMemoryPort: options.valueMemory?.connect() ?? null,
      },
      timeoutMs: options.batchTimeoutMs,
      graceMs: options.graceMs ?? 10_000,
      onRoom: pump,
      onDeath(unharmed, possible) {
        threads.delete(thread);
        for (const job of possible) job.suspect = true;
        suspects.push(...possible);
        waiting.unshift(...unharmed);
        pump();
      },
    });
    threads.add(thread);
    return thread;
  }

  return {
    compute(batch) {
      return new Promise((resolve, reject) => {
        if (closed) return reject(computationFailed(batch, 'the worker is stopping'));
        waiting.push({ batch, resolve, reject, suspect: false });
        pump();
      });
    },
    async close() {
      closed = true;
      for (const { batch, reject } of [...waiting.splice(0), ...suspects.splice(0)])
        reject(computationFailed(batch, 'the worker is stopping'));
      await Promise.all([...threads].map((thread) => thread.close()));
    },
  };
}
