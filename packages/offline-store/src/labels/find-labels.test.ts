import { newId } from '@larder/core';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { findLabels, storeLabels, type LabelTarget, type OfflineStore } from '../index.ts';
import { label } from '../testing/label.ts';
import { test } from '../testing/store.ts';

async function currentOf(store: OfflineStore, target: LabelTarget, asOf?: Date) {
  const found = await findLabels(store, { project: 'shop', target, limit: 100, ...(asOf && { asOf }) });
  return found.filter(({ current }) => current).map(({ name, value }) => [name, value]);
}

/** An instant between what was stored before and what is stored after. */
async function instant(store: OfflineStore): Promise<Date> {
  await pause(2);
  const { rows } = await store.pool.query<{ now: Date }>(`select clock_timestamp() as now`);
  await pause(2);
  return rows[0]?.now ?? new Date();
}

test('late, corrected and retracted labels: the current one, and what was known when', async ({ store }) => {
  const target = { predictionId: newId() };
  const put = (...labels: Parameters<typeof label>[0][]) =>
    storeLabels(
      store,
      'shop',
      labels.map((each) => label({ target, ...each })),
    );
  const start = await instant(store);
  await put({ eventId: 'e-2', value: 2, eventTimestamp: '2026-11-20T12:00:00Z' });
  const one = await instant(store);
  await put({ eventId: 'e-1', value: 1, eventTimestamp: '2026-11-20T11:00:00Z' });
  const late = await instant(store);
  await put({ eventId: 'e-3', value: 3, corrects: 'e-2', eventTimestamp: '2026-11-20T12:00:00Z' });
  const corrected = await instant(store);
  await put({ eventId: 'e-4', value: null, corrects: 'e-3' });
  const takenBack = await instant(store);
  await put({ eventId: 'e-5', value: null, eventTimestamp: '2026-11-20T13:00:00Z' });
  const nothing = await instant(store);
  await put({ eventId: 'e-6', value: 6, eventTimestamp: '2026-11-20T14:00:00Z' });

  const known = await Promise.all(
    [start, one, late, corrected, takenBack, nothing, undefined].map((asOf) =>
      currentOf(store, target, asOf),
    ),
  );
  expect(known).toEqual([
    [],
    [['clicked', 2]],
    [['clicked', 2]],
    [['clicked', 3]],
    [['clicked', 1]],
    [],
    [['clicked', 6]],
  ]);
});

test('a correction that arrives first applies as soon as the event does', async ({ store }) => {
  const target = { predictionId: newId() };
  const correction = label({ target, value: 5, corrects: 'late-1', eventTimestamp: '2026-11-20T10:00:00Z' });
  const event = label({ target, value: 4, eventId: 'late-1', eventTimestamp: '2026-11-20T11:00:00Z' });
  await storeLabels(store, 'shop', [correction]);
  await storeLabels(store, 'shop', [event]);
  expect(await currentOf(store, target)).toEqual([['clicked', 5]]);
});

test('a correction of another source or project corrects nothing', async ({ store }) => {
  const target = { predictionId: newId() };
  await storeLabels(store, 'shop', [label({ target, eventId: 'own', value: 1 })]);
  await storeLabels(store, 'shop', [
    label({ target: { predictionId: newId() }, source: 'else', corrects: 'own', value: null }),
  ]);
  await storeLabels(store, 'other', [label({ target, corrects: 'own', value: null })]);
  expect(await currentOf(store, target)).toEqual([['clicked', 1]]);
});

test('names are apart, and an entity has one outcome whenever it is labelled', async ({ store }) => {
  const target = { entity: 'ad', entityKey: newId(), sensitive: false };
  await storeLabels(store, 'shop', [
    label({ target, value: 1, eventTimestamp: '2026-11-20T10:00:00Z' }),
    label({ target, value: 2, eventTimestamp: '2026-11-20T11:00:00Z' }),
    label({ target, value: 'web', name: 'bought', eventTimestamp: '2026-11-20T09:00:00Z' }),
  ]);
  expect(await currentOf(store, target)).toEqual([
    ['clicked', 2],
    ['clicked', 1],
    ['bought', 'web'],
  ]);
  const bought = await findLabels(store, { project: 'shop', target, name: 'bought', limit: 1 });
  expect(bought).toMatchObject([{ name: 'bought', entity: 'ad', predictionId: null }]);
});
