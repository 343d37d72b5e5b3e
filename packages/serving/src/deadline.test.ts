import { getActiveResourcesInfo } from 'node:process';
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { deadlineExceeded, withDeadline } from './deadline.ts';

const timers = () => getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const late = () => deadlineExceeded('The online store');
const soon = { leftMs: 60_000, late };

test('a result in time is returned and leaves no timer behind', async () => {
  const before = timers();
  const error = new Error('its own');
  for (let i = 0; i < 20; i++) await expect(withDeadline(Promise.resolve(i), soon)).resolves.toBe(i);
  for (let i = 0; i < 20; i++) await expect(withDeadline(Promise.reject(error), soon)).rejects.toBe(error);
  // Vitest has its own timers, but never this many.
  expect(timers()).toBeLessThan(before + 10);
});

test('work that takes a while is awaited', async () => {
  const work = new Promise((resolve) => setTimeout(resolve, 50, 'done'));
  await expect(withDeadline(work, soon)).resolves.toBe('done');
});

test.each([20, 0, -5])('with %d ms left, what never answers is given up', async (leftMs) => {
  const never = new Promise<never>(() => {});
  await expect(withDeadline(never, { leftMs, late })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    message: expect.stringMatching(/^The online store did not answer before the deadline/),
    retryAfterSeconds: 1,
  });
});

test('a result or an error after the deadline is dropped', async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  await expect(withDeadline(promise, { ...soon, leftMs: 0 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  reject(new Error('too late'));
  await expect(promise).rejects.toThrow('too late');
});

test('a result that arrived while the thread was busy is in time', async () => {
  const { port1, port2 } = new MessageChannel();
  const work = new Promise((resolve) => port1.once('message', resolve));
  const waiting = withDeadline(work, { leftMs: 5, late });
  port2.postMessage('arrived');
  const begin = performance.now();
  while (performance.now() - begin < 50);
  await expect(waiting).resolves.toBe('arrived');
  port1.close();
});
