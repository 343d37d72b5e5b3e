import type { Worker } from 'node:worker_threads';
import type { CheckedModel } from '../checked-model.ts';
import { runFailed } from '../run-failed.ts';
import type { RunRequest, ThreadAnswer } from './session-thread.ts';
import { startThread } from './start-thread.ts';

export interface SessionPoolOptions {
  readonly model: CheckedModel;
  /** A thread that has the model already: the one that checked it. */
  readonly first?: Worker;
  readonly threads: number;
}

/** Worker threads with a session each, so that a slow model does not block the event loop of the caller. */
export interface SessionPool {
  /**
   * Copies the tensor and runs it in the next free thread, once more if that thread dies.
   * @throws MODEL_RUN_FAILED
   */
  run(tensor: Float32Array, rows: number): Promise<Readonly<Record<string, Float32Array>>>;
  /** The running threads. */
  threads(): Promise<readonly Worker[]>;
  /** Waits for nothing: runs under way fail. */
  close(): Promise<void>;
}

/** Holds one thread at a time; null until it is needed again after the thread died. */
interface Seat {
  worker: Promise<Worker> | null;
}

/** Starts the threads and resolves when every session is loaded and warm. */
export async function createSessionPool(options: SessionPoolOptions): Promise<SessionPool> {
  const { model, first, threads } = options;
  const seats = Array.from({ length: threads }, (): Seat => ({ worker: null }));
  const idle = [...seats];
  const waiting: ((seat: Seat) => void)[] = [];
  let closed = false;

  const sit = (seat: Seat, starting = startThread(model)): Promise<Worker> => {
    const vacate = (): void => {
      if (seat.worker === starting) seat.worker = null;
    };
    seat.worker = starting;
    starting.then((worker) => worker.once('exit', vacate), vacate);
    return starting;
  };
  const threadOf = (seat: Seat): Promise<Worker> => {
    if (closed) throw runFailed(model.name, 'the model was unloaded');
    return (
      seat.worker ??
      sit(seat).catch((cause: unknown) => {
        throw runFailed(model.name, 'its thread could not be started again; the log has the cause', cause);
      })
    );
  };
  const takeSeat = async (): Promise<Seat> => idle.pop() ?? new Promise((resolve) => waiting.push(resolve));
  const leaveSeat = (seat: Seat): void => {
    const next = waiting.shift();
    if (next) next(seat);
    else idle.push(seat);
  };
  const occupied = (): Promise<Worker>[] => seats.flatMap((seat) => seat.worker ?? []);

  const pool: SessionPool = {
    async run(tensor, rows) {
      const seat = await takeSeat();
      try {
        const request = (): RunRequest => ({ tensor: tensor.slice(0, rows * model.width), rows });
        const answer =
          (await ask(await threadOf(seat), request())) ?? (await ask(await threadOf(seat), request()));
        if (answer?.kind === 'result') return answer.outputs;
        throw runFailed(
          model.name,
          answer?.kind === 'error' ? answer.message : 'the thread that ran it died twice',
        );
      } finally {
        leaveSeat(seat);
      }
    },
    threads: () => Promise.all(occupied()),
    async close() {
      closed = true;
      for (const started of await Promise.allSettled(occupied())) {
        if (started.status === 'fulfilled') await started.value.terminate();
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

/** Null when the thread dies before it answers. */
function ask(worker: Worker, request: RunRequest): Promise<ThreadAnswer | null> {
  return new Promise((resolve) => {
    const settle = (answer: ThreadAnswer | null): void => {
      worker.off('message', settle).off('exit', died).unref();
      resolve(answer);
    };
    const died = (): void => settle(null);
    // A run under way keeps the process alive, an idle thread does not.
    worker.ref();
    worker.on('message', settle).on('exit', died);
    worker.postMessage(request, [request.tensor.buffer]);
  });
}
