import { newId } from '@larder/core';
import { expect } from 'vitest';
import {
  appendHistory,
  awaitWriters,
  createPredictionLog,
  ensureHistory,
  projectKeyHasher,
  readChunkHistory,
  type HistoryProject,
  type OfflineStore,
} from '../index.ts';
import { prediction } from '../testing/prediction.ts';
import { project, row, silent, test, view } from '../testing/store.ts';

const clicks = view('clicks', [{ name: 'count', type: 'float32' }]);
const pairs = view('pairs', [{ name: 'count', type: 'float32' }], 'user_ad');

async function bury(store: OfflineStore, entity: string, key: string, inProject = 'shop'): Promise<void> {
  const hashOf = await projectKeyHasher(store, inProject);
  await store.db
    .insertInto('larder.tombstones')
    .values({ project: inProject, entity, key_hash: hashOf(entity, key), receipt_id: newId(), slot: 0 })
    .execute();
}

const append = (store: OfflineStore, ofView: typeof clicks, rows: ReturnType<typeof row>[]) =>
  store.transaction((tx) => appendHistory(tx, project, ofView, rows));

test('rows of erased entities do not land; their neighbours do', async ({ store }) => {
  await ensureHistory(store, project, clicks);
  await bury(store, 'ad', 'gone');
  await bury(store, 'user_ad', 'kept');
  await bury(store, 'ad', 'kept', 'other');
  const rows = ['kept', 'gone', 'also'].map((id) => row(id, { values: { count: 1 } }));
  expect(await append(store, clicks, rows)).toEqual([rows[0], rows[2]]);
  expect((await readChunkHistory(store, project, clicks, 1)).map(({ keys }) => keys)).toEqual(
    expect.arrayContaining([{ ad_id: 'kept' }, { ad_id: 'also' }]),
  );
  expect(await append(store, clicks, [row('gone', { revision: 2 })])).toEqual([]);
});

test('a composite key is erased as a whole', async ({ store }) => {
  await ensureHistory(store, project, pairs);
  await bury(store, 'user_ad', '7|a%7Cb');
  const rows = [
    [7n, 'a|b'],
    [7n, 'a'],
    [8n, 'a|b'],
  ].map(([user, id]) => row('', { keys: { user: user as bigint, ad_id: id as string } }));
  expect(await append(store, pairs, rows)).toEqual(rows.slice(1));
});

test('predictions that name an erased entity are not logged', async ({ store }) => {
  await bury(store, 'ad', 'unlogged');
  const log = createPredictionLog({ store, project: 'shop', logger: silent });
  const kept = prediction();
  const records = [kept, prediction({ entityKeys: [{ entity: 'ad', key: 'unlogged' }] })];
  for (const record of records) log.append(record);
  await log.close();
  const { rows } = await store.pool.query(
    'select prediction_id from larder.predictions where prediction_id = any($1)',
    [records.map(({ predictionId }) => predictionId)],
  );
  expect(rows).toEqual([{ prediction_id: kept.predictionId }]);
  expect(log.stats()).toEqual({ written: 1, dropped: 1, buffered: 0 });
  expect(log.drops()).toMatchObject({ erased: 1, not_storable: 0 });
});

test('predictions that name an erased entity by its hash are not logged', async ({ store }) => {
  await bury(store, 'user', 'unlogged-user');
  const log = createPredictionLog({ store, project: 'shop', logger: silent });
  const sensitive = {
    entities: new Set(['user']),
    joinKeys: new Map(),
    request: new Map(),
    onDemand: new Map(),
    scalars: [],
  };
  const of = (key: string) =>
    prediction({ sensitive, entityKeys: ['ad', 'user'].map((entity) => ({ entity, key })) });
  log.append(of('kept-user'));
  log.append(of('unlogged-user'));
  await log.close();
  expect(log.stats()).toEqual({ written: 1, dropped: 1, buffered: 0 });
  expect(log.drops()).toMatchObject({ erased: 1 });
});

test('an erasure waits for the writers that did not see its tombstone, and holds up nobody', async ({
  store,
}) => {
  const other: HistoryProject = { ...project, project: 'waits' };
  await ensureHistory(store, other, clicks);
  const written = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const slow = store.transaction(async (tx) => {
    const landed = await appendHistory(tx, other, clicks, [row('raced')]);
    written.resolve();
    await finish.promise;
    return landed;
  });
  await written.promise;
  await bury(store, 'ad', 'raced', 'waits');
  expect(await awaitWriters(store, 'waits', 30)).toBe(false);
  expect(await awaitWriters(store, 'shop', 0)).toBe(true);

  let over = false;
  const waiting = awaitWriters(store, 'waits', 30_000).finally(() => (over = true));
  // A writer that comes later sees the tombstone; neither waits for the other.
  const late = store.transaction(async (tx) => {
    const landed = await appendHistory(tx, other, clicks, [row('raced', { revision: 2 })]);
    finish.resolve();
    expect(await waiting).toBe(true);
    return landed;
  });
  expect(over).toBe(false);
  expect(await slow).toHaveLength(1);
  expect(await late).toEqual([]);
});
