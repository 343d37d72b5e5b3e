import type { Worker } from 'node:worker_threads';
import type { LarderError } from '@larder/core';
import type { CheckedModel } from '../artifact/checked-model.ts';
import { buffersOf, copyFeed, feedsOf, type Feed } from '../session/feed.ts';
import { runFailed } from '../session/run-failed.ts';
import { createRunQueue, type RunCaller, type RunCounts } from './run-queue.ts';
import type { RunRequest, ThreadAnswer } from './session-thread.ts';
import { endThread, startThread } from './start-thread.ts';

export interface SessionPoolOptions {
  readonly model: CheckedModel;
  /** A thread that already has the model: the one that checked it. */
  readonly first?: Worker;
  readonly threads: number;
  /** Time of one row when the model was checked. */
  readonly oneRowMs: number;
}

/** Worker threads with a session each, so that a slow model does not block the event loop of the caller. */
export interface SessionPool {
  /**
   * Copies the feed and runs it in the next free thread, once more if that thread dies.
   * @throws MODEL_RUN_FAILED, and for a caller also MODEL_OVERLOADED, DEADLINE_EXCEEDED, CALLER_LEFT
   */
  run(feed: Feed, rows: number, caller?: RunCaller): Promise<Readonly<Record<string, Float32Array>>>;
  /** @throws MODEL_OVERLOADED, DEADLINE_EXCEEDED when a run that came now could not end in time */
  admit(rows: number, deadlineAtMs: number): void;
  counts(): RunCounts;
  /** The running threads. */
  threads(): Promise<readonly Worker[]>;
  /** Fails waiting runs, and resolves when the running ones have ended. */
  close(): Promise<void>;
}

/** Holds one thread at a time; null until it is needed again after the thread died. */
interface Seat {
  worker: Promise<Worker> | null;
}

/** Starts the threads and resolves when every session is loaded and warm. */
export async function createSessionPool(options: SessionPoolOptions): Promise<SessionPool> {
  const { model, oneRowMs, first, threads } = options;
  const seats = Array.from({ length: threads }, (): Seat => ({ worker: null }));
  const queue = createRunQueue({ name: model.name, threads, oneRowMs });
  let closed = false;

  const sit = (seat: Seat, starting = startThread(model)): Promise<Worker> => {
    const vacate = (): void => {
      if (seat.worker === starting) seat.worker = null;
    };
    seat.worker = starting;
    starting.then((worker) => worker.once('exit', vacate), vacate);
    return starting;
  };
  const threadOf = async (seat: Seat): Promise<Worker> => {
    if (closed) throw unloaded(model);
    try {
      return await (seat.worker ?? sit(seat));
    } catch (cause) {
      throw runFailed(model.name, 'its thread could not be started again; the log has the cause', cause);
    }
  };
  const occupied = (): Promise<Worker>[] => seats.flatMap((seat) => seat.worker ?? []);

  const pool: SessionPool = {
    async run(feed, rows, caller) {
      // What does not fit is refused here, not in a thread.
      feedsOf(model.signature.inputs, feed, rows);
      const floats = rows * model.width;
      return queue.run({ rows, floats, caller }, async (thread, wanted) => {
        for (let attempt = 0; attempt < 2 && wanted(); attempt++) {
          const worker = await threadOf(seats[thread] as Seat);
          if (!wanted()) break;
          const answer = await ask(worker, {
            kind: 'run',
            feed: copyFeed(model.signature.inputs, feed, rows),
            rows,
          });
          if (answer?.kind === 'result') return answer.outputs;
          if (answer?.kind === 'error') throw runFailed(model.name, answer.message);
        }
        throw runFailed(model.name, 'the thread that ran it died');
      });
    },
    admit: (rows, deadlineAtMs) => queue.admit(rows, deadlineAtMs),
    counts: () => queue.counts(),
    threads: () => Promise.all(occupied()),
    async close() {
      closed = true;
      queue.close(unloaded(model));
      for (const started of await Promise.allSettled(occupied())) {
        if (started.status === 'fulfilled') await endThread(started.value);
      }
    },
  };
  try {
    await Promise.all(
      seats.map((seat, at) => sit(seat, at === 0 && first ? Promise.resolve(first) : undefined)),
    );
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

function unloaded({ name }: CheckedModel): LarderError {
  return runFailed(name, 'the model was unloaded');
}

/** Null when the thread dies before it answers. */
function ask(worker: Worker, request: RunRequest): Promise<ThreadAnswer | null> {
  return new Promise((resolve) => {
    const settle = (answer: ThreadAnswer | null): void => {
      worker.off('message', settle).off('exit', died).unref();
      resolve(answer);
    };
    const died = (): void => settle(null);
    // A running run keeps the process alive, an idle thread does not.
    worker.ref();
    worker.on('message', settle).on('exit', died);
    worker.postMessage(request, buffersOf(request.feed));
  });
}
