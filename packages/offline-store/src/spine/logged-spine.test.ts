import { newId } from '@larder/core';
import { sql } from 'kysely';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import {
  createPredictionLog,
  loggedSpine,
  storeLabels,
  type LabelPolicy,
  type LoggedSpineOptions,
  type OfflineStore,
  type PredictionRecord,
} from '../index.ts';
import { label } from '../testing/label.ts';
import { prediction } from '../testing/prediction.ts';
import { silent, test } from '../testing/store.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 20);

async function log(store: OfflineStore, records: readonly PredictionRecord[]): Promise<void> {
  const predictions = createPredictionLog({ store, project: 'shop', logger: silent });
  for (const record of records) predictions.append(record);
  await predictions.close();
}

const made = (model: string, hour: number, changed: Partial<PredictionRecord> = {}) =>
  prediction({ model, predictedAtMs: START_MS + hour * HOUR_MS, ...changed });

const at = (hour: number) => new Date(START_MS + hour * HOUR_MS).toISOString();

const clicked: LabelPolicy = {
  name: 'clicked',
  horizonMs: 24 * HOUR_MS,
  onSilence: 'negative',
  attribution: 'prediction_id',
};

async function rowsOf(store: OfflineStore, changed: Partial<LoggedSpineOptions> & { model: string }) {
  const spine = await loggedSpine(store, {
    project: 'shop',
    keys: [{ name: 'ad_id', type: 'string' }],
    request: [{ name: 'bid', type: 'float64' }],
    label: clicked,
    asOf: new Date(Date.now() + HOUR_MS),
    ...changed,
  });
  const csv = await text(spine.rows);
  const lines = csv.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const values = line.split(',');
    return Object.fromEntries(spine.columns.map(({ name }, i) => [name, values[i] ?? '']));
  });
}

test('predictions in order, with their keys, requests and newest labels', async ({ store }) => {
  const first = made('first', 1, { request: { bid: 1.5 }, entities: { ad_id: 'a' } });
  const second = made('first', 2, { request: { bid: 0.5 }, entities: { ad_id: 'b' } });
  const third = made('first', 3, { request: {}, entities: { ad_id: 'c' } });
  await log(store, [second, first, third, made('another', 1)]);
  await storeLabels(store, 'shop', [
    label({ target: first, value: true, eventTimestamp: at(1.5), weight: 2 }),
    label({ target: second, value: 1, eventTimestamp: at(2.5) }),
    label({ target: second, value: 0.5, eventTimestamp: at(2.75) }),
    label({ target: third, value: true, eventTimestamp: at(3 + 25) }),
  ]);
  expect(await rowsOf(store, { model: 'first' })).toEqual([
    {
      row: '0',
      at: String((START_MS + HOUR_MS) * 1_000),
      prediction_id: first.predictionId,
      ad_id: '"""a"""',
      bid: '1.5',
      clicked: '1',
      weight: '2',
      mature: 't',
    },
    expect.objectContaining({ row: '1', prediction_id: second.predictionId, clicked: '0.5' }),
    // A label after the horizon changes nothing.
    expect.objectContaining({ row: '2', bid: '', clicked: '0', weight: '1' }),
  ]);
});

test('what is silent or immature is a row only when asked for', async ({ store }) => {
  const [silentOne, labelled, young] = [made('maturing', 0), made('maturing', 1), made('maturing', 48)];
  await log(store, [silentOne, labelled, young]);
  await storeLabels(store, 'shop', [
    label({ target: { predictionId: labelled.predictionId }, value: true, eventTimestamp: at(1) }),
    label({ target: { predictionId: young.predictionId }, value: true, eventTimestamp: at(48) }),
  ]);
  // the log and the labels are from now: only maturity is that of a day after the first two
  await sql`update larder.labels set received_at = ${at(50)} where received_at > ${at(50)}`.execute(store.db);
  await sql`update larder.predictions set logged_at = predicted_at`.execute(store.db);
  const ask = async (changed: object) => {
    const rows = await rowsOf(store, { model: 'maturing', asOf: new Date(at(51)), ...changed });
    return rows.map(({ clicked: value, mature }) => [value, mature]);
  };
  const leaveOut = { ...clicked, onSilence: 'leave_out' } as const;
  expect(await ask({})).toEqual([
    ['0', 't'],
    ['1', 't'],
  ]);
  expect(await ask({ label: leaveOut })).toEqual([['1', 't']]);
  expect(await ask({ immature: true })).toEqual([
    ['0', 't'],
    ['1', 't'],
    ['1', 'f'],
  ]);
  // received after this instant
  expect(await ask({ asOf: new Date(at(50)), immature: true })).toEqual([
    ['0', 't'],
    ['0', 't'],
    ['', 'f'],
  ]);
  expect(await ask({ label: null, from: new Date(at(1)), to: new Date(at(48)) })).toHaveLength(1);
});

test('a label with texts is text, and its silence is no negative', async ({ store }) => {
  const record = made('worded', 0);
  await log(store, [record]);
  const target = { predictionId: record.predictionId };
  await storeLabels(store, 'shop', [label({ name: 'reason', target, value: '', eventTimestamp: at(1) })]);
  const reason = { ...clicked, name: 'reason', onSilence: 'leave_out' } as const;
  expect(await rowsOf(store, { model: 'worded', label: reason })).toMatchObject([{ reason: '""' }]);
  await expect(
    rowsOf(store, { model: 'worded', label: { ...reason, onSilence: 'negative' } }),
  ).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});

test('a version alone, and names that are hostile', async ({ store }) => {
  await log(store, [made("o'hare", 0, { version: 2 }), made("o'hare", 1)]);
  expect(await rowsOf(store, { model: "o'hare", version: 2 })).toHaveLength(1);
});

test('a reader that stops gives its connection back', async ({ store }) => {
  const records = Array.from({ length: 3_000 }, (_, i) =>
    made('long', i / 60, { predictionId: newId(), request: { note: 'x'.repeat(500) } }),
  );
  await log(store, records);
  const spine = await loggedSpine(store, {
    project: 'shop',
    model: 'long',
    keys: [],
    request: [{ name: 'note', type: 'string' }],
    label: null,
    asOf: new Date(Date.now() + HOUR_MS),
  });
  for await (const chunk of spine.rows) {
    expect(chunk).toBeInstanceOf(Buffer);
    break;
  }
  await expect.poll(() => store.pool.totalCount - store.pool.idleCount).toBe(0);
});

test('a label of a key belongs to the newest prediction before it, within the window', async ({ store }) => {
  const of = (hour: number, key: string) =>
    made('attributed', hour, { entityKeys: [{ entity: 'ad', key }], entities: { ad_id: key } });
  const [early, late, alone, outside] = [of(0, 'ad-1'), of(2, 'ad-1'), of(1, 'ad-2'), of(0, 'ad-3')];
  const direct = of(4, 'ad-4');
  await log(store, [early, late, alone, outside, direct]);
  const target = (entityKey: string) => ({ entity: 'ad', entityKey, sensitive: false });
  await storeLabels(store, 'shop', [
    label({ target: target('ad-1'), value: 1, eventTimestamp: at(1.5) }),
    label({ target: target('ad-1'), value: 2, eventTimestamp: at(2) }),
    label({ target: target('ad-2'), value: 3, eventTimestamp: at(0.5) }),
    label({ target: target('ad-3'), value: 4, eventTimestamp: at(3.01) }),
    label({ target: target('ad-4'), value: 5, eventTimestamp: at(5) }),
    label({
      target: { predictionId: direct.predictionId },
      value: 6,
      eventTimestamp: at(6),
    }),
  ]);
  const policy = { ...clicked, attribution: { entity: 'ad', windowMs: 3 * HOUR_MS } };
  const values = async (changed: object) => {
    const rows = await rowsOf(store, { model: 'attributed', label: policy, ...changed });
    return Object.fromEntries(rows.map((row) => [row['prediction_id'], row['clicked']]));
  };
  const all = {
    [early.predictionId]: '1',
    [late.predictionId]: '2',
    [alone.predictionId]: '0',
    [outside.predictionId]: '0',
    [direct.predictionId]: '6',
  };
  expect(await values({})).toEqual(all);
  // the label at hour 2 belongs to a prediction after `to`, not to the one before it
  expect(await values({ to: new Date(at(0.5)) })).toEqual({
    [early.predictionId]: '1',
    [outside.predictionId]: '0',
  });
});
