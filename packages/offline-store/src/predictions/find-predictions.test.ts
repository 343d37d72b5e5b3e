import { sql } from 'kysely';
import { expect } from 'vitest';
import { findPrediction, findPredictions, outputHistogram } from '../index.ts';
import { prediction } from '../testing/prediction.ts';
import { silent, test as base } from '../testing/store.ts';
import { createPredictionLog } from './prediction-log.ts';

/** 40 predictions a second apart: the outputs are 0 to 39 fortieths, every tenth is degraded. */
const test = base.extend<{ $file: { ids: readonly string[] } }>({
  ids: [
    async ({ store }, use) => {
      const log = createPredictionLog({ store, project: 'ads', logger: silent });
      const startMs = Date.now() - 3_600_000;
      const records = Array.from({ length: 40 }, (_, at) => {
        // Two per second have the same time: the id decides.
        const predictedAtMs = startMs + Math.floor(at / 2) * 1_000;
        return prediction({
          predictedAtMs,
          version: at < 20 ? 1 : 2,
          alias: at % 2 === 0 ? 'champion' : null,
          entityKeys: [{ entity: 'ad', key: `ad-${at % 4}` }],
          degraded: at % 10 === 0,
          output: at / 40,
        });
      });
      for (const record of records) log.append(record);
      log.append(prediction({ output: Number.NaN, model: 'other', predictedAtMs: startMs }));
      await log.close();
      await use(records.map(({ predictionId }) => predictionId));
    },
    { scope: 'file' },
  ],
});
const ads = { project: 'ads', model: 'ad_ctr' };

test('pages follow each other without a gap or a repeat, newest first', async ({ store, ids }) => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await findPredictions(store, ads, { limit: 7, cursor });
    seen.push(...page.predictions.map(({ predictionId }) => predictionId));
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual([...ids].reverse());
});

test.for([
  [{ version: 2 }, 20],
  [{ alias: 'champion' }, 20],
  [{ entityKeys: ['ad:ad-3'] }, 10],
  [{ degraded: true }, 4],
  [{ degraded: false, version: 1 }, 18],
  [{ minOutput: 0.25, maxOutput: 0.5 }, 11],
  [{ model: 'nope' }, 0],
  [{ from: new Date(0), to: new Date(1) }, 0],
] as const)('%o', async ([filter, expected], { store, ids }) => {
  expect(ids).toHaveLength(40);
  const { predictions } = await findPredictions(store, { ...ads, ...filter }, { limit: 500 });
  expect(predictions).toHaveLength(expected);
});

test('a cursor that is none is refused', async ({ store }) => {
  const id = '01934567-89ab-7cde-8f01-23456789abcd';
  const forged = [
    "1764000000000000/'; drop table x",
    `1764000000000000/${'-'.repeat(36)}`,
    `${'9'.repeat(17)}/${id}`,
  ];
  const others = forged
    .concat(`2026-13-45 99:99:99+00/${id}`)
    .map((text) => Buffer.from(text).toString('base64url'));
  for (const cursor of ['', 'x', ...others])
    await expect(findPredictions(store, ads, { limit: 1, cursor })).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
});

test('the index of entity keys is used', async ({ store, ids }) => {
  expect(ids).toHaveLength(40);
  const plan = await store.transaction(async ({ db }) => {
    await sql`set local enable_seqscan = off`.execute(db);
    const { rows } = await sql`explain select 1 from larder.predictions
      where entity_keys @> array['ad:ad-3']::text[]`.execute(db);
    return JSON.stringify(rows);
  });
  expect(plan).toContain('Bitmap Index Scan');
});

test('the histogram counts every finite output once', async ({ store, ids }) => {
  expect(ids).toHaveLength(40);
  const whole = await outputHistogram(store, ads, 4);
  expect(whole.counts.reduce((sum, count) => sum + count, 0)).toBe(40);
  expect(whole.edges).toHaveLength(5);
  expect(whole.edges[0]).toBe(0);
  expect(whole.edges[4]).toBe(39 / 40);
  const bounded = await outputHistogram(store, { ...ads, minOutput: 0, maxOutput: 1 }, 8);
  expect(bounded.counts).toEqual(Array.from({ length: 8 }, () => 5));
  expect(await outputHistogram(store, { ...ads, model: 'other' }, 4)).toEqual({
    edges: [],
    counts: [],
    predictions: 1,
  });
  const one = await outputHistogram(store, { ...ads, minOutput: 0.5, maxOutput: 0.5 }, 3);
  expect(one.counts).toEqual([1, 0, 0]);
  const wide = await outputHistogram(store, { ...ads, minOutput: -1.7e308, maxOutput: 1.7e308 }, 3);
  expect(wide.counts).toEqual([0, 40, 0]);
});

test('one prediction is found by its id, of its own project only', async ({ store }) => {
  const log = createPredictionLog({ store, project: 'ads', logger: silent });
  const record = prediction({ predictedAtMs: Date.now() });
  const slow = prediction({ predictedAtMs: Date.now() + 60_000 });
  log.append(record);
  log.append(slow);
  await log.close();
  const { predictionId } = record;
  expect(await findPrediction(store, { project: 'ads', predictionId })).toMatchObject({
    predictionId,
    entityKeys: ['ad:ad-42'],
    latencyUs: 512,
  });
  expect(await findPrediction(store, { project: 'ads', predictionId: slow.predictionId })).not.toBeNull();
  expect(await findPrediction(store, { project: 'other', predictionId })).toBeNull();
});
