import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toLarderError, LarderError, newId, type Logger } from '@larder/core';
import type { Response } from 'express';
import { overloaded } from '../http/byte-budget.ts';
import { problemOf } from '../http/problem.ts';
import { logBrokenInside } from '../training-sets/broken-inside.ts';
import { startNiced } from '../training-sets/start-niced.ts';
import { memoryExceeded } from '../training-sets/watch-memory.ts';
import type { ComparisonJob, ComparisonMessage, ComparisonProblem } from './comparison-job.ts';

export interface Comparisons {
  /**
   * Makes a comparison in a process of its own and answers with server-sent events: `progress`, then one `end` or
   * `problem`. Ends with its caller.
   * @throws what went wrong before the first event
   */
  stream(job: ComparisonJob, response: Response): Promise<void>;
  /** Ends everything; resolves when the processes are gone. */
  close(): Promise<void>;
}

const RUNNING = 2;
const HEARTBEAT_INTERVAL_MS = 15_000;
const LONGEST_MS = 30 * 60_000;
/** To cancel its statements and remove its files. */
const STOP_MS = 3_000;
const LEFT = { code: 'CALLER_LEFT', reason: 'The caller left.' } as const;
/** DuckDB and the model have the rest. */
const HEAP_SHARE = 0.5;

export function createComparisons(niceness: number, logger: Logger): Comparisons {
  const running = new Set<Running>();
  let closing = false;
  return {
    async stream(asked, response) {
      if (closing || running.size >= RUNNING)
        throw overloaded(
          `This process already makes ${running.size} comparisons; send this one again later.`,
        );
      const job = { ...asked, temporaryFolder: join(asked.temporaryFolder, `comparison-${newId()}`) };
      const child = startNiced('../comparisons/comparison-process', {
        heapMb: Math.floor(job.memoryMb * HEAP_SHARE),
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        niceness,
      });
      logBrokenInside(child, logger, 'comparison');
      const comparison = start(child, job.temporaryFolder);
      running.add(comparison);
      void comparison.ended.then(() => running.delete(comparison));
      await answer(comparison, job, response);
    },
    async close() {
      closing = true;
      await Promise.all(
        Array.from(running, (comparison) => {
          comparison.stop({ code: 'OVERLOADED', reason: 'The service stops; ask another, or later.' });
          return comparison.ended;
        }),
      );
    },
  };
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  /** Why it was stopped. */
  stopped: ComparisonProblem | null;
  stop(why: ComparisonProblem): void;
}

function start(child: ChildProcess, folder: string): Running {
  const ended = Promise.withResolvers<void>();
  // A process that was killed leaves rows of history behind.
  const end = (): void =>
    void rm(folder, { recursive: true, force: true })
      .catch(() => {})
      .then(() => ended.resolve());
  child.once('close', end);
  child.once('error', end);
  const comparison: Running = {
    child,
    ended: ended.promise,
    stopped: null,
    stop(why) {
      if (comparison.stopped !== null) return;
      comparison.stopped = why;
      child.kill('SIGTERM');
      const cut = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      void ended.promise.then(() => clearTimeout(cut));
    },
  };
  return comparison;
}

async function answer(comparison: Running, job: ComparisonJob, response: Response): Promise<void> {
  const { child } = comparison;
  const left = (): void => comparison.stop(LEFT);
  /** From then on a failure is an event. */
  const begin = (): void => {
    if (response.headersSent || response.destroyed) return;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
  };
  const send = (text: string): void => {
    begin();
    // A caller who does not read gets no more than the last event.
    if (!response.destroyed && response.writableLength === 0) response.write(text);
  };
  const heartbeat = setInterval(() => send(': still here\n\n'), HEARTBEAT_INTERVAL_MS);
  const longest = setTimeout(
    () =>
      comparison.stop({
        code: 'QUERY_TOO_SLOW',
        reason: `It took longer than ${LONGEST_MS / 60_000} minutes: ask for fewer predictions, or use the stores.`,
      }),
    LONGEST_MS,
  );
  let answered = false;
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (problem: ComparisonProblem): void => {
        const { code, reason, errors = [] } = problem;
        const error = new LarderError(code, reason, { errors });
        if (!response.headersSent) return reject(error);
        const { requestId } = response.locals;
        response.end(event('problem', JSON.stringify(problemOf(error, requestId))));
        resolve();
      };
      response.once('close', left);
      if (response.destroyed) left();
      child.on('message', (message: ComparisonMessage) => {
        if (comparison.stopped !== null) return;
        if ('progress' in message) return send(event('progress', JSON.stringify(message.progress)));
        answered = true;
        if ('error' in message) return fail(message.error);
        begin();
        response.end(event('end', message.answer));
        resolve();
      });
      child.once('error', (error) => reject(toLarderError(error)));
      child.once('close', (code, signal) => {
        if (!answered) fail(endedEarly(comparison, { code, signal, memoryMb: job.memoryMb }));
      });
      child.send(job, () => {});
    });
  } finally {
    clearInterval(heartbeat);
    clearTimeout(longest);
    response.off('close', left);
    if (!answered) comparison.stop(LEFT);
  }
}

function endedEarly(
  { stopped }: Running,
  {
    code,
    signal,
    memoryMb,
  }: { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly memoryMb: number },
): ComparisonProblem {
  if (stopped !== null) return stopped;
  // V8 aborts at its share of the limit.
  if (signal === 'SIGABRT' || code === 134)
    return { code: 'WORK_MEMORY_EXCEEDED', reason: memoryExceeded(memoryMb) };
  return { code: 'INTERNAL', reason: `The process that compared ended with ${signal ?? code}.` };
}

function event(name: 'progress' | 'end' | 'problem', data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
