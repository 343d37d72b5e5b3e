import { newId } from '@larder/core';
import { test } from '@larder/offline-store/testing';
import { expect } from 'vitest';
import { upkeepProblems } from './upkeep-problems.ts';

test('the partition of the next month is missed two days ahead, and needs a person half a day ahead', async ({
  store,
}) => {
  const missing = async (instant: string) => {
    const { problems } = await upkeepProblems(store, newId(), new Date(instant));
    return problems.map(({ kind, severity }) => `${kind} ${severity}`);
  };
  // No partition of this month either: nothing is logged here.
  expect(await missing('2041-01-31T23:00:00Z')).toEqual([]);
  await store.pool.query(
    `create table larder.predictions_2041_01 partition of larder.predictions for values from ('2041-01-01Z') to ('2041-02-01Z')`,
  );
  expect(await missing('2041-01-29T23:59:00Z')).toEqual([]);
  expect(await missing('2041-01-30T00:01:00Z')).toEqual(['partition_missing note']);
  expect(await missing('2041-01-31T11:59:00Z')).toEqual(['partition_missing note']);
  expect(await missing('2041-01-31T12:01:00Z')).toEqual(['partition_missing act']);
  await store.pool.query(
    `create table larder.predictions_2041_02 partition of larder.predictions for values from ('2041-02-01Z') to ('2041-03-01Z')`,
  );
  expect(await missing('2041-01-31T23:59:00Z')).toEqual([]);
});
