import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { prediction } from '../testing/prediction.ts';
import { silent, test as withStore } from '../testing/store.ts';
import { keyHasher } from '../erasure/key-hash.ts';
import { createLogBuffer } from './log-buffer.ts';
import { createPredictionLog } from './prediction-log.ts';
import type { PredictionRecord } from './prediction-record.ts';
import { firstPredictionId, halves, type RenderedRows } from './rendered-rows.ts';

const MIB = 2 ** 20;
const unbounded = { maxRecords: Infinity, maxBytes: Infinity };

function newBuffer(limits: { readonly maxRecords: number; readonly maxBytes: number }) {
  const unrenderable: string[] = [];
  const buffer = createLogBuffer({
    ...limits,
    project: 'ads',
    unrenderable: ({ predictionId }) => unrenderable.push(predictionId),
  });
  /** Takes what one write takes, and returns the ids. */
  const write = () => {
    buffer.render(Infinity, null);
    const page = buffer.head();
    if (page === null) return [];
    const ids = predictionIds(page.rows);
    buffer.remove(page);
    return ids;
  };
  return { buffer, write, unrenderable };
}

function predictionIds(rows: RenderedRows): string[] {
  if (rows.count === 0) return [];
  if (rows.count === 1) return [firstPredictionId(rows)];
  return halves(rows).flatMap(predictionIds);
}

const large = (bytes: number) => prediction({ request: { text: 'x'.repeat(bytes) } });

test('accepts what fits, reports which limit the rest exceeds, and accepts again once there is room', () => {
  const { buffer, write } = newBuffer({ maxRecords: 3, maxBytes: 1_000 });
  const push = (sizeBytes: number) => buffer.push(prediction({ sizeBytes }));
  expect([push(600), push(500), push(400), push(1)]).toEqual([null, 'buffer_bytes', null, 'buffer_bytes']);
  expect([buffer.length, buffer.bytes]).toEqual([2, 1_000]);
  expect(write()).toHaveLength(2);
  expect([buffer.length, buffer.bytes]).toEqual([0, 0]);
  expect([push(1), push(1), push(1), push(1)]).toEqual([null, null, null, 'buffer_records']);
});

test('rendered records count with the bytes of their rows', () => {
  const { buffer } = newBuffer({ maxRecords: 10, maxBytes: 10_000 });
  buffer.push(prediction({ sizeBytes: 1, request: { text: 'x'.repeat(9_900) } }));
  expect(buffer.bytes).toBe(1);
  buffer.render(1, null);
  expect(buffer.bytes).toBeGreaterThan(9_900);
  expect(buffer.push(prediction())).toBe('buffer_bytes');
});

test('one write takes at most 2,000 records, and no more once it has 8 MiB', () => {
  const { buffer, write } = newBuffer(unbounded);
  const sizes = [20 * MIB, 3 * MIB, 5 * MIB, 1, ...Array.from({ length: 2_100 }, () => 100)];
  const records = sizes.map(large);
  for (const record of records) buffer.push(record);
  const batches: string[][] = [];
  while (buffer.length > 0) batches.push(write());
  expect(batches.map((ids) => ids.length)).toEqual([1, 2, 2_000, 101]);
  expect(batches.flat()).toEqual(records.map(({ predictionId }) => predictionId));
  expect(buffer.bytes).toBe(0);
});

test('a batch can be full by bytes or by number', () => {
  const { buffer } = newBuffer(unbounded);
  buffer.push(prediction({ sizeBytes: 8 * MIB - 1 }));
  expect(buffer.isBatchFull()).toBe(false);
  buffer.push(prediction({ sizeBytes: 1 }));
  expect(buffer.isBatchFull()).toBe(true);
});

test('a page that is being written takes no more records', () => {
  const { buffer, write } = newBuffer(unbounded);
  buffer.push(prediction());
  buffer.render(1, null);
  const written = buffer.head();
  buffer.push(prediction());
  buffer.render(1, null);
  expect(buffer.head()).toBe(written);
  expect(written?.rows.count).toBe(1);
  if (written !== null) buffer.remove(written);
  expect(write()).toHaveLength(1);
});

test('rendering goes in steps, and waits for the hasher of sensitive fields', () => {
  const { buffer } = newBuffer(unbounded);
  const sensitive = {
    entities: new Set(['ad']),
    joinKeys: new Map(),
    request: new Map(),
    onDemand: new Map(),
    scalars: [],
  };
  for (let i = 0; i < 4; i++) buffer.push(prediction(i === 2 ? { sensitive } : {}));
  buffer.render(1, null);
  expect([buffer.unrendered, buffer.needsHasher]).toEqual([3, false]);
  buffer.render(10, null);
  expect([buffer.unrendered, buffer.needsHasher]).toEqual([2, true]);
  buffer.render(10, keyHasher(Buffer.alloc(32)));
  expect([buffer.unrendered, buffer.needsHasher, buffer.head()?.rows.count]).toEqual([0, false, 4]);
});

test('a record that cannot be rendered leaves its neighbours as they are, and its place until they are written', async () => {
  const { buffer, write, unrenderable } = newBuffer(unbounded);
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  const records = [prediction(), prediction({ request: cyclic }), prediction({ version: 4 }), prediction()];
  buffer.push(records[0] as PredictionRecord);
  let confirmed = false;
  const first = buffer.passed().then(() => (confirmed = true));
  for (const record of records.slice(1)) buffer.push(record);
  buffer.render(10, null);
  await nextTurn();
  expect([confirmed, buffer.length, unrenderable]).toEqual([false, 4, [records[1]?.predictionId]]);
  expect(write()).toEqual([0, 2, 3].map((at) => records[at]?.predictionId));
  await first;
  expect([buffer.length, buffer.bytes]).toEqual([0, 0]);
});

test('confirmation of a record waits for earlier records only', async () => {
  const { buffer, write } = newBuffer(unbounded);
  const settled: string[] = [];
  const wait = (name: string) =>
    buffer.passed().then(
      () => settled.push(name),
      (error: { code: string }) => settled.push(`${name} ${error.code}`),
    );
  await wait('empty');
  for (let i = 0; i < 2_100; i++) buffer.push(prediction());
  buffer.render(Infinity, null);
  const first = wait('first');
  write();
  await nextTurn();
  expect(settled).toEqual(['empty']);
  buffer.head();
  buffer.push(prediction());
  const second = wait('second');
  write();
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
