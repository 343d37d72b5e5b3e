import { isLarderError, type LarderError } from '@larder/core';
import { expect, test, vi } from 'vitest';
import { createRunQueue, type RunCaller } from './run-queue.ts';

const MINUTE_MS = 60_000;

function openQueue({ threads = 1, oneRowMs = 1 } = {}) {
  const queue = createRunQueue({ name: 'ad_ctr', threads, oneRowMs });
  const ran: string[] = [];
  /** Enters a run; the one that holds the thread ends when `end` is called. */
  const enter = (label: string, caller: Partial<RunCaller> & { inMs?: number } = {}, floats = 1) => {
    const held = Promise.withResolvers<string>();
    const { inMs = MINUTE_MS, gone = () => false } = caller;
    const outcome = queue.run(
      { rows: 1, floats, caller: { deadlineAtMs: performance.now() + inMs, gone } },
      () => {
        ran.push(label);
        return held.promise;
      },
    );
    outcome.catch(() => {});
    return { outcome, end: () => held.resolve(label) };
  };
  return { queue, ran, enter };
}

const codeOf = async (outcome: Promise<unknown>): Promise<string> =>
  outcome.then(
    () => 'answered',
    (error: unknown) => (isLarderError(error) ? error.code : String(error)),
  );

test('runs wait in the order of their arrival', async () => {
  const { ran, enter } = openQueue();
  const runs = ['a', 'b', 'c'].map((label) => enter(label));
  for (const run of runs) run.end();
  expect(await Promise.all(runs.map(({ outcome }) => outcome))).toEqual(['a', 'b', 'c']);
  expect(ran).toEqual(['a', 'b', 'c']);
});

test('a caller sees when its run gets a thread', async () => {
  const { queue, enter } = openQueue();
  const first = enter('a');
  const caller: RunCaller = { deadlineAtMs: performance.now() + MINUTE_MS, gone: () => false };
  const waiting = queue.run({ rows: 1, floats: 1, caller }, async () => 'b');
  expect(caller.startedAtMs).toBeUndefined();
  expect(queue.counts()).toMatchObject({ threads: 1, busy: 1, waiting: 1 });
  const endedAtMs = performance.now();
  first.end();
  await waiting;
  expect(caller.startedAtMs).toBeGreaterThanOrEqual(endedAtMs);
  await expect.poll(() => queue.counts().busy).toBe(0);
});

test('the queue is bounded by count and by bytes, however distant the deadlines are', async () => {
  const { queue, enter } = openQueue({ oneRowMs: 0.001 });
  enter('running');
  const codes = await Promise.all(
    Array.from({ length: 1_500 }, () => {
      const { outcome } = enter('waiting');
      return Promise.race([codeOf(outcome), new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]);
    }),
  );
  expect(codes.filter((code) => code === 'waits')).toHaveLength(1_000);
  expect(codes.filter((code) => code === 'MODEL_OVERLOADED')).toHaveLength(500);
  expect(queue.counts()).toMatchObject({ waiting: 1_000, refused: 500 });

  const large = openQueue({ oneRowMs: 0.001 });
  large.enter('running');
  const outcomes = Array.from({ length: 20 }, () => large.enter('large', {}, 1_000_000).outcome);
  expect(await codeOf(outcomes.at(-1) as Promise<unknown>)).toBe('MODEL_OVERLOADED');
  expect(large.queue.counts().waiting).toBe(16);
});

test('a run that cannot finish in time is refused at once, with the time to wait', async () => {
  const { queue, ran, enter } = openQueue({ oneRowMs: 4_000 });
  enter('running');
  enter('waiting');
  const { outcome } = enter('late', { inMs: 15_000 });
  const error = (await outcome.catch((thrown: unknown) => thrown)) as LarderError;
  expect(error).toMatchObject({ code: 'MODEL_OVERLOADED', status: 503, retryAfterSeconds: 8 });
  expect(() => queue.admit(1, performance.now() + 15_000)).toThrow('The model ad_ctr has more to do');
  queue.admit(1, performance.now() + 17_000);
  expect(ran).toEqual(['running']);
});

test('a free thread tries runs that might finish in time, or that have not been measured for long', async () => {
  const { queue, enter } = openQueue({ oneRowMs: 1_000 });
  const { outcome, end } = enter('never measured', { inMs: 100 });
  end();
  expect(await codeOf(outcome)).toBe('answered');
  // one run of 0 ms moved the mean, of 1,000 ms, a fifth
  expect(() => queue.admit(1, performance.now() + 100)).toThrow('takes about 8');
  queue.admit(1, performance.now() + 500);
  await vi.waitFor(() => queue.admit(1, performance.now() + 100), { timeout: 60_000 });
});

test('a run whose caller has gone never starts, and makes room when room is needed', async () => {
  const { queue, ran, enter } = openQueue({ oneRowMs: 1_000 });
  let gone = false;
  const running = enter('running');
  const left = enter('left', { gone: () => gone });
  const stays = enter('stays');
  queue.admit(1, performance.now() + 6_000);
  expect(() => queue.admit(1, performance.now() + 4_500)).toThrow('has more to do');
  gone = true;
  queue.admit(1, performance.now() + 4_500);
  expect(await codeOf(left.outcome)).toBe('CALLER_LEFT');

  const second = enter('left too', { gone: () => gone });
  expect(await codeOf(second.outcome), 'also one that comes from nobody').toBe('CALLER_LEFT');
  running.end();
  stays.end();
  await stays.outcome;
  expect(ran).toEqual(['running', 'stays']);
  expect(queue.counts()).toMatchObject({ waiting: 0, abandoned: 2 });
});

test('a run that waits past its deadline is answered then, and never starts', async () => {
  const { queue, ran, enter } = openQueue({ oneRowMs: 1 });
  const running = enter('running');
  const waiting = enter('waiting', { inMs: 20 });
  expect(await codeOf(waiting.outcome)).toBe('DEADLINE_EXCEEDED');
  expect(queue.counts()).toMatchObject({ waiting: 0, late: 1 });
  running.end();
  await running.outcome;
  const next = enter('next');
  next.end();
  await next.outcome;
  expect(ran).toEqual(['running', 'next']);
});

test('a run in progress at its deadline is answered then, and keeps its thread until it ends', async () => {
  const { ran, enter } = openQueue({ oneRowMs: 1 });
  const slow = enter('slow', { inMs: 20 });
  expect(await codeOf(slow.outcome)).toBe('DEADLINE_EXCEEDED');
  const next = enter('next');
  expect(ran).toEqual(['slow']);
  slow.end();
  next.end();
  await next.outcome;
  expect(ran).toEqual(['slow', 'next']);
});

test('work that fails releases its thread', async () => {
  const { queue, enter } = openQueue();
  const run = { rows: 1, floats: 1 };
  await expect(queue.run(run, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  const next = enter('next');
  next.end();
  expect(await next.outcome).toBe('next');
});

test('one delayed run does not make the queue refuse those after it', async () => {
  const { queue, enter } = openQueue({ oneRowMs: 1 });
  const held = enter('held up');
  const since = performance.now();
  await expect.poll(() => performance.now() - since).toBeGreaterThan(100);
  held.end();
  await held.outcome;
  queue.admit(1, performance.now() + 10);
});

test('closing fails waiting and new runs', async () => {
  const { queue, enter } = openQueue();
  enter('running');
  const waiting = enter('waiting');
  queue.close(new Error('closed') as LarderError);
  expect(await codeOf(waiting.outcome)).toBe('Error: closed');
  expect(await codeOf(enter('late').outcome)).toBe('Error: closed');
});
