import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { prediction } from '../testing/prediction.ts';
import { silent, test as withStore } from '../testing/store.ts';
import { createLogBuffer } from './log-buffer.ts';
import { createPredictionLog } from './prediction-log.ts';

const MIB = 2 ** 20;
const unbounded = { maxRecords: Infinity, maxBytes: Infinity };

test('accepts what fits, reports which limit the rest exceeds, and accepts again once there is room', () => {
  const buffer = createLogBuffer({ maxRecords: 3, maxBytes: 1_000 });
  const push = (sizeBytes: number) => buffer.push(prediction({ sizeBytes }));
  expect([push(600), push(500), push(400), push(1)]).toEqual([null, 'buffer_bytes', null, 'buffer_bytes']);
  expect([buffer.length, buffer.bytes]).toEqual([2, 1_000]);
  buffer.remove(buffer.head());
  expect([buffer.length, buffer.bytes]).toEqual([0, 0]);
  expect([push(1), push(1), push(1), push(1)]).toEqual([null, null, null, 'buffer_records']);
});

test('one write takes at most 2,000 records and 8 MiB, but always one record', () => {
  const buffer = createLogBuffer(unbounded);
  const sizes = [20 * MIB, 3 * MIB, 5 * MIB, 1, ...Array.from({ length: 2_100 }, () => 100)];
  for (const sizeBytes of sizes) buffer.push(prediction({ sizeBytes }));
  const batches: number[] = [];
  while (buffer.length > 0) {
    const batch = buffer.head();
    batches.push(batch.length);
    buffer.remove(batch);
  }
  expect(batches).toEqual([1, 2, 2_000, 101]);
  expect(buffer.bytes).toBe(0);
});

test('a batch can be full by bytes or by number', () => {
  const buffer = createLogBuffer(unbounded);
  buffer.push(prediction({ sizeBytes: 8 * MIB - 1 }));
  expect(buffer.isBatchFull()).toBe(false);
  buffer.push(prediction({ sizeBytes: 1 }));
  expect(buffer.isBatchFull()).toBe(true);
});

test('confirmation of a record waits for earlier records only', async () => {
  const buffer = createLogBuffer(unbounded);
  const settled: string[] = [];
  const wait = (name: string) =>
    buffer.passed().then(
      () => settled.push(name),
      (error: { code: string }) => settled.push(`${name} ${error.code}`),
    );
  await wait('empty');
  for (let i = 0; i < 2_100; i++) buffer.push(prediction());
  const first = wait('first');
  buffer.push(prediction());
  const second = wait('second');
  buffer.remove(buffer.head());
  await nextTurn();
  expect(settled).toEqual(['empty']);
  buffer.remove(buffer.head().slice(0, 100));
  await first;
  expect(settled).toEqual(['empty', 'first']);
  expect(buffer.clear()).toBe(1);
  await second;
  expect(settled).toEqual(['empty', 'first', 'second PREDICTION_NOT_LOGGED']);
  expect([buffer.length, buffer.bytes]).toEqual([0, 0]);
});

withStore('every dropped record has its reason', async ({ store }) => {
  const log = createPredictionLog({ store, project: 'ads', logger: silent, capacity: 2, capacityBytes: 900 });
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  expect(log.append(prediction({ request: cyclic }))).toBe(true);
  expect(log.append(prediction({ sizeBytes: 600 }))).toBe(false);
  expect(log.append(prediction())).toBe(true);
  expect(log.append(prediction({ sizeBytes: 0 }))).toBe(false);
  expect(log.bufferedBytes()).toBe(800);
  await log.close();
  expect(log.append(prediction())).toBe(false);
  expect(log.drops()).toEqual({
    buffer_records: 1,
    buffer_bytes: 1,
    not_storable: 1,
    erased: 0,
    closed: 1,
  });
  expect(log.stats()).toEqual({ written: 1, dropped: 4, buffered: 0 });
  expect(log.bufferedBytes()).toBe(0);
});
