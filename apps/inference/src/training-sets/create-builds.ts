import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { LarderError, type Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { recordFailure, recordStart, type BuildProgress } from '@larder/training';
import { logBrokenInside } from './broken-inside.ts';
import type { BuildJob, BuildMessage } from './build-job.ts';
import { startNiced } from './start-niced.ts';
import { memoryExceeded } from './watch-memory.ts';
import { removeUnfinished } from './written-files.ts';

export interface Builds {
  /** Takes a place in the queue until `release`, or until the job that `start` gives has ended. @throws TRAINING_SET_QUEUE_FULL */
  reserve(): Place;
  /** Null: not in this process. */
  stateOf(
    trainingSetId: string,
  ): { readonly status: 'queued' | 'building'; readonly progress: BuildProgress | null } | null;
  /** Ends the build, if it is in this process; resolves when it has ended. */
  cancel(trainingSetId: string): Promise<boolean>;
  /** Ends everything; builds are recorded as failed. */
  close(): Promise<void>;
}

export interface Place {
  /** Records the build and queues it. */
  start(job: BuildJob): Promise<void>;
  release(): void;
}

export interface BuildsOptions {
  readonly store: OfflineStore;
  readonly logger: Logger;
  /** Builds that may wait for their turn. */
  readonly waiting: number;
  readonly niceness: number;
}

interface Build {
  readonly job: BuildJob;
  progress: BuildProgress | null;
  child: ChildProcess | null;
  /** Why it must end. */
  stopped: string | null;
  readonly ended: PromiseWithResolvers<void>;
}

const RETRY_AFTER_SECONDS = 10;
const STOP_MS = 3_000;
/** DuckDB and the streams have the rest. */
const HEAP_SHARE = 0.5;

/** Builds training sets one at a time, each in a process of its own that ends with this one. */
export function createBuilds({ store, logger, waiting, niceness }: BuildsOptions): Builds {
  const builds = new Map<string, Build>();
  let places = 0;
  let running: Build | null = null;
  let closing = false;

  async function next(): Promise<void> {
    if (running !== null || closing) return;
    const build = [...builds.values()].find(({ child, stopped }) => child === null && stopped === null);
    if (build === undefined) return;
    running = build;
    const problem = await runChild(build, niceness, logger);
    if (problem !== null) {
      await removeUnfinished(build.job, build.child?.pid ?? 0);
      await failed(build, problem);
    }
    await removeUpload(build);
    finish(build);
    running = null;
    void next();
  }

  function finish(build: Build): void {
    if (!builds.delete(build.job.trainingSetId)) return;
    places -= 1;
    build.ended.resolve();
  }

  async function failed({ job }: Build, problem: Problem): Promise<void> {
    await recordFailure(store, job.trainingSetId, problem).catch((error: unknown) =>
      logger.warn({ err: error, training_set_id: job.trainingSetId }, 'A failed build could not be recorded'),
    );
  }

  async function stop(build: Build, reason: string): Promise<void> {
    build.stopped = reason;
    if (build.child === null) {
      await failed(build, { code: 'TRAINING_SET_STOPPED', reason });
      await removeUpload(build);
      finish(build);
      return;
    }
    const { child } = build;
    child.kill('SIGTERM');
    const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await build.ended.promise;
    clearTimeout(cut);
  }

  return {
    reserve() {
      if (places > waiting)
        throw new LarderError(
          'TRAINING_SET_QUEUE_FULL',
          `${places} training sets are being built or wait for it; send this one again later.`,
          { retryAfterSeconds: RETRY_AFTER_SECONDS },
        );
      places += 1;
      let held = true;
      return {
        async start(job) {
          await recordStart(store, {
            trainingSetId: job.trainingSetId,
            project: job.project,
            model: null,
            request: { ...job.asked, folder: undefined },
            folder: job.folder,
            actor: job.actor,
            processId: job.processId,
          });
          held = false;
          const build: Build = {
            job,
            progress: null,
            child: null,
            stopped: null,
            ended: Promise.withResolvers<void>(),
          };
          builds.set(job.trainingSetId, build);
          if (closing) await stop(build, 'The service stopped.');
          else void next();
        },
        release() {
          if (held) places -= 1;
          held = false;
        },
      };
    },
    stateOf(trainingSetId) {
      const build = builds.get(trainingSetId);
      if (build === undefined) return null;
      return { status: build.child === null ? 'queued' : 'building', progress: build.progress };
    },
    async cancel(trainingSetId) {
      const build = builds.get(trainingSetId);
      if (build === undefined) return false;
      await stop(build, 'Somebody cancelled it.');
      return true;
    },
    async close() {
      closing = true;
      await Promise.all([...builds.values()].map((build) => stop(build, 'The service stopped.')));
    },
  };
}

async function removeUpload({ job }: Build): Promise<void> {
  const { spine } = job.asked;
  if (spine.kind === 'file') await rm(spine.path, { force: true });
}

interface Problem {
  readonly code: string;
  readonly reason: string;
}

/** Resolves with the problem when the child has ended without a training set. */
function runChild(build: Build, niceness: number, logger: Logger): Promise<Problem | null> {
  const { job } = build;
  const child = startNiced('build-process', {
    heapMb: Math.floor(job.memoryMb * HEAP_SHARE),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    niceness,
  });
  build.child = child;
  logBrokenInside(child, logger, `training set ${job.trainingSetId}`);
  return new Promise((resolve) => {
    let answer: Problem | null | undefined;
    child.on('message', (message: BuildMessage) => {
      if ('progress' in message) build.progress = message.progress;
      else if ('error' in message) answer = message.error;
      else answer = null;
    });
    child.once('error', (error) =>
      resolve({ code: 'INTERNAL', reason: `Its process could not be started: ${error.message}` }),
    );
    child.once('close', (code, signal) => {
      if (build.stopped !== null && answer !== null)
        return resolve({ code: 'TRAINING_SET_STOPPED', reason: build.stopped });
      if (answer !== undefined) return resolve(answer);
      // V8 aborts at its share of the limit.
      if (signal === 'SIGABRT' || code === 134)
        return resolve({
          code: 'WORK_MEMORY_EXCEEDED',
          reason: memoryExceeded(job.memoryMb),
        });
      resolve({
        code: 'TRAINING_SET_STOPPED',
        reason: `The process that built it ended with ${signal ?? code}.`,
      });
    });
    child.send(job, () => {});
  });
}
