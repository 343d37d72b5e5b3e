import { newId } from '@larder/core';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { findLabels, projectKeyHasher, storeLabels } from '../index.ts';
import { label } from '../testing/label.ts';
import { test } from '../testing/store.ts';

test('the same event again is known, another content under its id is a conflict', async ({ store }) => {
  const [first, second] = [
    label(),
    label({ value: 0.25, target: { entity: 'ad', entityKey: 'ad-1', sensitive: false } }),
  ];
  expect(await storeLabels(store, 'shop', [first, second, first])).toEqual(['stored', 'stored', 'known']);
  const changed: readonly object[] = [
    { value: false },
    { name: 'bought' },
    { eventTimestamp: '2026-11-20T09:31:00.000001Z' },
    { target: { entity: 'ad', entityKey: 'ad-1', sensitive: false } },
    { corrects: 'another' },
    { weight: 2 },
    { value: null },
  ];
  const again = [first, second, ...changed.map((change) => ({ ...first, ...change }))];
  expect(await storeLabels(store, 'shop', again)).toEqual([
    'known',
    'known',
    ...changed.map(() => 'conflict'),
  ]);
  const { rows } = await sql<{ value: unknown }>`
    select value from larder.labels where event_id = ${first.eventId}`.execute(store.db);
  expect(rows).toEqual([{ value: true }]);
});

test('an event id belongs to its source and project', async ({ store }) => {
  const first = label();
  expect(await storeLabels(store, 'shop', [first, { ...first, source: 'billing' }])).toEqual([
    'stored',
    'stored',
  ]);
  expect(await storeLabels(store, 'other', [first])).toEqual(['stored']);
});

test('writers that send the same events at once store each of them once, in any order', async ({ store }) => {
  const labels = Array.from({ length: 200 }, (_, i) => label({ eventId: `shared-${i}` }));
  const outcomes = await Promise.all(
    [labels, labels.toReversed(), labels.toReversed(), labels].map((each) =>
      storeLabels(store, 'shop', each),
    ),
  );
  const all = outcomes.flat();
  expect(all.filter((outcome) => outcome === 'stored')).toHaveLength(200);
  expect(all.filter((outcome) => outcome === 'known')).toHaveLength(600);
});

test('nothing about an erased entity is stored, and of a sensitive key only its hash', async ({ store }) => {
  const hashOf = await projectKeyHasher(store, 'shop');
  await store.db
    .insertInto('larder.tombstones')
    .values({ project: 'shop', entity: 'user', key_hash: hashOf('user', 'gone'), receipt_id: newId() })
    .execute();
  const of = (entityKey: string, sensitive: boolean) =>
    label({ target: { entity: 'user', entityKey, sensitive } });
  const labels = [of('gone', false), of('kept', true), of('gone', true), of('kept', false), label()];
  expect(await storeLabels(store, 'shop', labels)).toEqual([
    'erased',
    'stored',
    'erased',
    'stored',
    'stored',
  ]);
  const { rows } =
    await sql`select entity_key, key_hashed from larder.labels where entity = 'user' order by 2`.execute(
      store.db,
    );
  expect(rows).toEqual([
    { entity_key: 'kept', key_hashed: false },
    { entity_key: hashOf('user', 'kept').toString('hex'), key_hashed: true },
  ]);
  const target = { entity: 'user', entityKey: 'kept', sensitive: true };
  expect(await findLabels(store, { project: 'shop', target, limit: 9 })).toMatchObject([
    { entityKey: `#${hashOf('user', 'kept').toString('hex')}` },
  ]);
});
