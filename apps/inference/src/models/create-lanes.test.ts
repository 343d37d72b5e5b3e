import { expect, test } from 'vitest';
import { createLanes } from './create-lanes.ts';

test('one task per lane runs at a time, and a slow one delays only its own lane', async () => {
  const lane = createLanes(2);
  const slow = Promise.withResolvers<void>();
  const done: string[] = [];
  let running = 0;
  let most = 0;
  const work = (name: string) =>
    lane(async () => {
      most = Math.max(most, ++running);
      if (name === 'slow') await slow.promise;
      else await new Promise(setImmediate);
      running -= 1;
      done.push(name);
      if (name === 'd') slow.resolve();
    });
  await Promise.all(['slow', 'b', 'c', 'd'].map(work));
  expect(done).toEqual(['b', 'c', 'd', 'slow']);
  expect(most).toBe(2);
});

test('a failure reaches its caller alone and leaves its lane free', async () => {
  const lane = createLanes(1);
  const broken = lane(() => Promise.reject(new Error('broken')));
  const next = lane(() => Promise.resolve('next'));
  await expect(broken).rejects.toThrow('broken');
  expect(await next).toBe('next');
});
