/*
 * Decides which runs of a model get a thread, in which order, and which are refused. An overloaded queue that accepts
 * everything answers nothing in time: each run would start after its caller's deadline. So a run is accepted only if it
 * can be expected to finish in time, and dropped as soon as nobody waits for it.
 */
import { LarderError } from '@larder/core';
import { createRunTime } from './run-time.ts';

/** The caller that waits for a run. */
export interface RunCaller {
  /** Time by `performance.now()` after which nobody waits. */
  readonly deadlineAtMs: number;
  /** The connection was closed. */
  gone(): boolean;
  /** Set to the time by `performance.now()` at which the run gets a thread. */
  startedAtMs?: number;
}

/** Counts since the start of the process. */
export interface RunCounts {
  /** Now. */
  readonly waiting: number;
  readonly threads: number;
  /** Threads that run something now. */
  readonly busy: number;
  /** Runs that got a thread, in time or not. */
  readonly started: number;
  /** Runs refused with MODEL_OVERLOADED, or with DEADLINE_EXCEEDED without being tried. */
  readonly refused: number;
  /** Runs ended by their deadline, waiting or running. */
  readonly late: number;
  /** Runs dropped before they started: their caller had left. */
  readonly abandoned: number;
}

export interface RunQueue {
  /** @throws MODEL_OVERLOADED, DEADLINE_EXCEEDED when a run that came now could not be expected to finish in time */
  admit(rows: number, deadlineAtMs: number): void;
  /**
   * Waits for a thread, and for `work` on it, until the deadline at the latest.
   * @throws MODEL_OVERLOADED, DEADLINE_EXCEEDED, CALLER_LEFT, and whatever `work` throws
   */
  run<T>(run: QueuedRun, work: Work<T>): Promise<T>;
  counts(): RunCounts;
  /** Fails all waiting and all future runs with this error. */
  close(reason: LarderError): void;
}

/** The work on a thread; nobody waits for the outcome once `wanted` is false. */
type Work<T> = (thread: number, wanted: () => boolean) => Promise<T>;

export interface QueuedRun {
  readonly rows: number;
  /** Size of the run's tensor; the total size of waiting runs is bounded. */
  readonly floats: number;
  /** Without a caller, a run waits as long as it takes. */
  readonly caller?: RunCaller | undefined;
}

export interface RunQueueOptions {
  /** Name of the model in errors. */
  readonly name: string;
  readonly threads: number;
  readonly oneRowMs: number;
}

/** Hard limits: with a distant deadline, the estimate alone would let the queue fill the memory. */
const MAX_WAITING_RUNS = 1_000;
const MAX_WAITING_FLOATS = 16 * 1024 * 1024;
/** Largest share of the time left that the wait may be expected to take: a run that starts at the last moment is likely to be late. */
const HEADROOM = 0.75;
/** A free thread still tries runs expected to miss their deadline by no more than this: the estimate may be out of date. */
const BENEFIT_OF_DOUBT = 2;
/** After this long without a measurement, a free thread tries any run. */
const STALE_MS = 250;

interface Waiting extends QueuedRun {
  readonly expectedMs: number;
  start(thread: number): void;
  fail(error: LarderError): void;
}

export function createRunQueue({ name, threads, oneRowMs }: RunQueueOptions): RunQueue {
  const runTime = createRunTime(oneRowMs);
  const free = Array.from({ length: threads }, (_, thread) => thread);
  /** The run of each busy thread. */
  const running = new Map<number, { readonly startedAtMs: number; readonly expectedMs: number }>();
  /** Waiting runs in order of arrival. */
  const waiting = new Set<Waiting>();
  let waitingMs = 0;
  let waitingFloats = 0;
  let measuredAtMs = Number.NEGATIVE_INFINITY;
  let closedBy: LarderError | null = null;
  const counts = { started: 0, refused: 0, late: 0, abandoned: 0 };

  /** Until a run that came now would have a thread. */
  function expectedWaitMs(nowMs: number): number {
    if (free.length > 0) return 0;
    let ms = waitingMs;
    for (const { startedAtMs, expectedMs } of running.values()) {
      const elapsedMs = nowMs - startedAtMs;
      // what takes longer than expected is expected to take as long again
      ms += elapsedMs < expectedMs ? expectedMs - elapsedMs : elapsedMs;
    }
    return ms / threads;
  }

  function refusal({ rows, floats }: QueuedRun, deadlineAtMs: number): LarderError | null {
    const nowMs = performance.now();
    const leftMs = deadlineAtMs - nowMs;
    const expectedMs = runTime.expectedMs(rows);
    if (free.length > 0) {
      if (expectedMs <= BENEFIT_OF_DOUBT * leftMs || nowMs - measuredAtMs > STALE_MS) return null;
      return tooSlow(name, { rows, expectedMs, leftMs });
    }
    const waitMs = expectedWaitMs(nowMs);
    const full = waiting.size >= MAX_WAITING_RUNS || waitingFloats + floats > MAX_WAITING_FLOATS;
    return full || waitMs + expectedMs > HEADROOM * leftMs ? overloaded(name, waitMs) : null;
  }

  function admitOrThrow(run: QueuedRun, deadlineAtMs: number): void {
    if (closedBy !== null) throw closedBy;
    let refused = refusal(run, deadlineAtMs);
    // those who have gone make room first
    if (refused !== null && dropGone() > 0) refused = refusal(run, deadlineAtMs);
    if (refused === null) return;
    counts.refused += 1;
    throw refused;
  }

  function dropGone(): number {
    const before = waiting.size;
    for (const run of waiting) if (run.caller?.gone() === true) abandon(run);
    return before - waiting.size;
  }

  function abandon(run: Waiting): void {
    leave(run);
    counts.abandoned += 1;
    run.fail(callerLeft());
  }

  function leave(run: Waiting): void {
    if (!waiting.delete(run)) return;
    waitingMs = waiting.size === 0 ? 0 : waitingMs - run.expectedMs;
    waitingFloats -= run.floats;
  }

  /** Hands a thread to the next run that somebody waits for and that can still end in time. */
  function serveNext(thread: number): void {
    for (const run of waiting) {
      if (run.caller?.gone() === true) {
        abandon(run);
        continue;
      }
      leave(run);
      const leftMs = (run.caller?.deadlineAtMs ?? Infinity) - performance.now();
      const doubt = waiting.size === 0 ? BENEFIT_OF_DOUBT : 1;
      if (runTime.expectedMs(run.rows) > doubt * leftMs) {
        counts.late += 1;
        run.fail(late(name));
        continue;
      }
      run.start(thread);
      return;
    }
    free.push(thread);
  }

  function wait<T>(run: QueuedRun, work: Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        leave(queued);
        counts.late += 1;
        reject(late(name));
      };
      const timer = timerAt(run.caller?.deadlineAtMs, expire);
      const queued: Waiting = {
        ...run,
        expectedMs: runTime.expectedMs(run.rows),
        start(thread) {
          clearTimeout(timer);
          hold(thread, run, work).then(resolve, reject);
        },
        fail(error) {
          clearTimeout(timer);
          reject(error);
        },
      };
      waiting.add(queued);
      waitingMs += queued.expectedMs;
      waitingFloats += run.floats;
    });
  }

  /** A run cannot be stopped: after the deadline it keeps its thread, and its caller is answered. */
  function hold<T>(thread: number, { rows, caller }: QueuedRun, work: Work<T>): Promise<T> {
    const startedAtMs = performance.now();
    if (caller !== undefined) caller.startedAtMs = startedAtMs;
    counts.started += 1;
    running.set(thread, { startedAtMs, expectedMs: runTime.expectedMs(rows) });
    let wanted = true;
    const working = work(thread, () => wanted);
    const leaveThread = (): void => {
      running.delete(thread);
      serveNext(thread);
    };
    working.then(() => {
      measuredAtMs = performance.now();
      runTime.measured(rows, measuredAtMs - startedAtMs);
      leaveThread();
    }, leaveThread);
    if (caller === undefined) return working;
    return new Promise((resolve, reject) => {
      const timer = timerAt(caller.deadlineAtMs, () => {
        wanted = false;
        counts.late += 1;
        reject(late(name));
      });
      working.finally(() => clearTimeout(timer)).then(resolve, reject);
    });
  }

  return {
    admit: (rows, deadlineAtMs) => admitOrThrow({ rows, floats: 0 }, deadlineAtMs),
    async run(run, work) {
      const { caller } = run;
      if (caller?.gone() === true) {
        counts.abandoned += 1;
        throw callerLeft();
      }
      admitOrThrow(run, caller?.deadlineAtMs ?? Infinity);
      const thread = free.pop();
      return thread === undefined ? wait(run, work) : hold(thread, run, work);
    },
    counts: () => ({ ...counts, waiting: waiting.size, threads, busy: running.size }),
    close(reason) {
      closedBy = reason;
      for (const run of waiting) {
        leave(run);
        run.fail(reason);
      }
    },
  };
}

function timerAt(deadlineAtMs: number | undefined, expire: () => void): NodeJS.Timeout | undefined {
  if (deadlineAtMs === undefined) return undefined;
  return setTimeout(expire, Math.max(0, deadlineAtMs - performance.now()));
}

function overloaded(name: string, waitMs: number): LarderError {
  return new LarderError(
    'MODEL_OVERLOADED',
    `The model ${name} has more to do than it can answer in time; the wait is about ${Math.ceil(waitMs)} ms.`,
    { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) },
  );
}

function tooSlow(name: string, run: { rows: number; expectedMs: number; leftMs: number }): LarderError {
  const leftMs = Math.max(0, Math.floor(run.leftMs));
  return new LarderError(
    'DEADLINE_EXCEEDED',
    `The model ${name} takes about ${Math.ceil(run.expectedMs)} ms for so many rows (${run.rows}), and ${leftMs} ms are left; ` +
      'raise options.deadline_ms, or send fewer rows.',
  );
}

function late(name: string): LarderError {
  return new LarderError(
    'DEADLINE_EXCEEDED',
    `The model ${name} did not answer before the deadline; retry, or raise options.deadline_ms.`,
    { retryAfterSeconds: 1 },
  );
}

function callerLeft(): LarderError {
  return new LarderError('CALLER_LEFT', 'The connection was closed before the answer.');
}
