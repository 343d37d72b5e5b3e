import { setTimeout as wait } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import type { SharedBytes } from '@larder/features';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createSharedBytes,
  type SharedBytesOfProcess,
  type SharedBytesOptions,
} from './create-shared-bytes.ts';
import { joinSharedBytes } from './join-shared-bytes.ts';

let shared: SharedBytesOfProcess;
let ports: MessagePort[];
let fetched: string[];
const start = (options?: SharedBytesOptions): void => void (shared = createSharedBytes(options));
beforeEach(() => {
  ports = [];
  fetched = [];
  start();
});
afterEach(() => ports.forEach((port) => port.close()));

const { signal } = new AbortController();
/** A view in its own thread. */
const open = (view: string): SharedBytes => {
  const port = shared.connect();
  ports.push(port);
  return joinSharedBytes(port)(view);
};
const fetching = (text: string) => async (): Promise<Buffer> => {
  fetched.push(text);
  return Buffer.from(text);
};
const get = async (bytes: SharedBytes, text: string, key = 'address'): Promise<string> =>
  (await bytes.get(key, fetching(text), signal)).toString();
/** A fetch that has started and does not end by itself. */
async function underWay(bytes: SharedBytes, key = 'address') {
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<Buffer>();
  const got = bytes.get(
    key,
    () => {
      begun.resolve();
      return end.promise;
    },
    signal,
  );
  got.catch(() => {});
  await begun.promise;
  return { got, end };
}

test('another view gets the bytes that the first one fetched', async () => {
  expect(await get(open('image'), 'bytes')).toBe('bytes');
  expect(await get(open('text'), 'not asked for')).toBe('bytes');
  expect(await get(open('sentiment'), 'not asked for')).toBe('bytes');
  expect(fetched).toEqual(['bytes']);
});

test('two views of one thread share too', async () => {
  const port = shared.connect();
  ports.push(port);
  const join = joinSharedBytes(port);
  const both = await Promise.all([get(join('image'), 'bytes'), get(join('text'), 'bytes')]);
  expect([both, fetched]).toEqual([['bytes', 'bytes'], ['bytes']]);
});

test('a second request of a view fetches the bytes again, also for the others', async () => {
  const [image, text] = [open('image'), open('text')];
  await get(image, 'first');
  await get(text, '');
  expect(await get(image, 'second')).toBe('second');
  expect(await get(text, '')).toBe('second');
  expect(await get(text, 'third')).toBe('third');
  expect(fetched).toEqual(['first', 'second', 'third']);
});

test('of concurrent requests only one fetches', async () => {
  const all = await Promise.all(['a', 'b', 'c', 'd'].map((view) => get(open(view), 'bytes')));
  expect(all).toEqual(['bytes', 'bytes', 'bytes', 'bytes']);
  expect(fetched).toHaveLength(1);
});

test('a fetch that fails affects only its caller', async () => {
  const { got, end } = await underWay(open('image'));
  const text = get(open('text'), 'bytes');
  end.reject(new Error('404'));
  await expect(got).rejects.toThrow('404');
  expect(await text).toBe('bytes');
});

test('nobody waits for a thread that died during a fetch', async () => {
  await underWay(open('image'));
  const waiting = open('sentiment').get('address', fetching('never'), signal);
  const text = get(open('text'), 'bytes');
  // Both are waiting: their requests came before this one was answered.
  await get(open('other'), '', 'elsewhere');
  ports[1]?.close();
  ports[0]?.close();
  expect(await text).toBe('bytes');
  expect(fetched).not.toContain('never');
  void waiting;
});

test('bytes that are too old are fetched again', async () => {
  start({ lifeMs: 20 });
  await get(open('image'), 'old');
  const keptAtMs = performance.now();
  while (performance.now() - keptAtMs < 30) await wait(5);
  expect(await get(open('text'), 'new')).toBe('new');
});

test('the oldest bytes are evicted', async () => {
  start({ maxBytes: 10 });
  const image = open('image');
  for (const key of ['a', 'b', 'c']) await get(image, '12345', key);
  const text = open('text');
  for (const key of ['b', 'c', 'a']) await get(text, `${key} anew`, key);
  expect(fetched.slice(3)).toEqual(['a anew']);
});

test('bytes beyond the limit are not kept, but their caller gets them', async () => {
  start({ maxBytes: 3 });
  expect(await get(open('image'), 'large')).toBe('large');
  expect(await get(open('text'), 'again')).toBe('again');
});

test('waiting ends with the signal, and the turn to fetch is passed on', async () => {
  const { end } = await underWay(open('image'));
  const controller = new AbortController();
  const given = open('text').get('address', fetching('never'), controller.signal);
  await get(open('other'), '', 'elsewhere');
  const last = get(open('sentiment'), 'bytes');
  controller.abort(new Error('time is up'));
  await expect(given).rejects.toThrow('time is up');
  end.reject(new Error('404'));
  expect(await last).toBe('bytes');
  expect(fetched).not.toContain('never');
});
