import { extname } from 'node:path';
import { LarderError, type LogLevel } from '@larder/core';
import type { RowOutcome, SourceRow } from '@larder/features';
import { Piscina } from 'piscina';
import type { ComputeAnswer, ComputeTask, ComputeThreadData } from './compute-thread.ts';

export interface ComputePoolOptions {
  readonly configPath: string;
  readonly threads: number;
  readonly logLevel: LogLevel;
  /** How long one batch may take. A computation is asked to stop then, its thread is ended a while later. */
  readonly batchTimeoutMs: number;
}

export interface ComputeBatch {
  readonly viewRef: string;
  readonly fingerprint: string;
  readonly rows: readonly SourceRow[];
}

/** Worker threads that keep the views' computations loaded. */
export interface ComputePool {
  /** @throws COMPUTATION_FAILED no row could be computed; DEFINITION_NOT_LOADED the files changed since the start */
  compute(batch: ComputeBatch): Promise<RowOutcome[]>;
  close(): Promise<void>;
}

/** While one batch of a thread fetches, its other one computes. */
export const BATCHES_PER_THREAD = 2;
const END_THREAD_AFTER_MS = 10_000;

export function createComputePool(options: ComputePoolOptions): ComputePool {
  const workerData: ComputeThreadData = { configPath: options.configPath, logLevel: options.logLevel };
  const pool = new Piscina<ComputeTask, ComputeAnswer>({
    filename: new URL(`./compute-thread${extname(import.meta.filename)}`, import.meta.url).href,
    minThreads: options.threads,
    maxThreads: options.threads,
    concurrentTasksPerWorker: BATCHES_PER_THREAD,
    // Waiting on shared memory would stop the thread's event loop, and with it its idle connections.
    atomics: 'disabled',
    workerData,
  });
  // The batch that ran in the thread fails with the same error.
  pool.on('error', () => {});
  return {
    async compute({ viewRef, fingerprint, rows }) {
      const task: ComputeTask = { viewRef, fingerprint, rows, timeoutMs: options.batchTimeoutMs };
      const signal = AbortSignal.timeout(options.batchTimeoutMs + END_THREAD_AFTER_MS);
      const answer = await pool.run(task, { signal }).catch((error: unknown) => {
        throw failed(viewRef, error instanceof Error ? error.message : String(error), error);
      });
      if ('error' in answer) throw new LarderError(answer.error.code, answer.error.message);
      if (answer.outcomes.length !== rows.length)
        throw failed(viewRef, `it gave ${answer.outcomes.length} outcomes for ${rows.length} rows`);
      return answer.outcomes;
    },
    close: () => pool.destroy(),
  };
}

function failed(viewRef: string, reason: string, cause?: unknown): LarderError {
  return new LarderError('COMPUTATION_FAILED', `The computation of ${viewRef} failed as a whole: ${reason}`, {
    cause,
  });
}
