import { expect, test } from 'vitest';
import { inLanes } from './in-lanes.ts';

test('one task per lane runs at a time, and a slow one delays only its own lane', async () => {
  const slow = Promise.withResolvers<void>();
  const done: string[] = [];
  let running = 0;
  let most = 0;
  const ended = inLanes(['slow', 'b', 'c', 'd'], 2, async (name) => {
    most = Math.max(most, ++running);
    if (name === 'slow') await slow.promise;
    else await new Promise(setImmediate);
    running -= 1;
    done.push(name);
    if (name === 'd') slow.resolve();
  });
  await ended;
  expect(done).toEqual(['b', 'c', 'd', 'slow']);
  expect(most).toBe(2);
});

test('a failure is thrown once nothing is running; the other lanes do the rest', async () => {
  const done: string[] = [];
  const ended = inLanes(['broken', 'b', 'c'], 2, async (name) => {
    if (name === 'broken') throw new Error('broken');
    await new Promise(setImmediate);
    done.push(name);
  });
  await expect(ended).rejects.toThrow('broken');
  expect(done).toEqual(['b', 'c']);
});
