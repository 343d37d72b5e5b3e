import { expect, test } from 'vitest';
import { createAskedVersions } from './asked-versions.ts';

const asked = (version: number) => ({ model: 'ad_ctr', version });

function opened({ places = 2, fails = [] as readonly number[] } = {}) {
  const events: string[] = [];
  const gate = { wait: Promise.resolve() };
  let now = 0;
  let loading = 0;
  let most = 0;
  const versions = createAskedVersions({
    places,
    keepMs: 30_000,
    nowMs: () => now,
    async load({ version }) {
      most = Math.max(most, ++loading);
      await gate.wait;
      loading -= 1;
      events.push(`load ${version}`);
      return !fails.includes(version);
    },
    drop: ({ version }) => void events.push(`drop ${version}`),
  });
  const idle = async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return { versions, events, gate, idle, most: () => most, pass: (ms: number) => (now += ms) };
}

test('a walk through all numbers loads as many as there are places, one at a time', async () => {
  const { versions, events, idle, most } = opened();
  for (let version = 1; version <= 1_000; version++) versions.ask(asked(version));
  await idle();
  expect(events).toEqual(['load 1', 'load 2']);
  expect(most()).toBe(1);
  expect(versions.ask(asked(7)), 'seconds until the first place is free').toBe(30);
});

test('after a while the least recently used one makes room', async () => {
  const { versions, events, idle, pass } = opened();
  versions.ask(asked(1));
  versions.ask(asked(2));
  await idle();
  pass(29_000);
  expect(versions.ask(asked(3))).toBe(1);
  expect(versions.has(asked(3))).toBe(false);
  pass(1_000);
  versions.touch(asked(1));
  expect(versions.ask(asked(3))).toBe(1);
  await idle();
  expect(events).toEqual(['load 1', 'load 2', 'drop 2', 'load 3']);
  expect([1, 2, 3].map((version) => versions.has(asked(version)))).toEqual([true, false, true]);
});

test('a version that cannot be loaded leaves its place', async () => {
  const { versions, idle } = opened({ places: 1, fails: [1] });
  versions.ask(asked(1));
  await idle();
  expect(versions.has(asked(1))).toBe(false);
  versions.ask(asked(2));
  await idle();
  expect(versions.has(asked(2))).toBe(true);
});

test('one that is being loaded is not asked for again and loses its place to none', async () => {
  const { versions, events, gate, idle, pass } = opened({ places: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.wait = promise;
  versions.ask(asked(1));
  pass(3_600_000);
  expect(versions.ask(asked(1))).toBe(1);
  expect(versions.ask(asked(2))).toBe(30);
  resolve();
  await idle();
  expect(events).toEqual(['load 1']);
});

test('after the close nothing is loaded any more', async () => {
  const { versions, events } = opened();
  const closing = versions.close();
  versions.ask(asked(1));
  await closing;
  expect(events).toEqual([]);
});
