import { sql } from 'kysely';
import { expect } from 'vitest';
import { deleteExpiredLabels, storeLabels } from '../index.ts';
import { label } from '../testing/label.ts';
import { test } from '../testing/store.ts';

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();

test('labels are deleted by their event time, and what they took back does not count again', async ({
  store,
}) => {
  const labels = [
    label({ eventId: 'old', eventTimestamp: daysAgo(40) }),
    label({ eventId: 'young', eventTimestamp: daysAgo(20) }),
    // Takes back a younger one, and so stays with it.
    label({ eventId: 'correction', corrects: 'young', value: null, eventTimestamp: daysAgo(50) }),
    label({ eventId: 'correction-of-old', corrects: 'old', value: null, eventTimestamp: daysAgo(35) }),
  ];
  await storeLabels(store, 'shop', labels);
  await storeLabels(store, 'other', labels);
  const kept = async (project: string) => {
    const { rows } = await sql<{ id: string }>`
      select event_id as id from larder.labels where project = ${project} order by event_id`.execute(
      store.db,
    );
    return rows.map(({ id }) => id);
  };
  expect(await deleteExpiredLabels(store, 'shop', 'forever')).toBe(0);
  let deleted = 0;
  for (let step = 0; step < 3; step++) deleted += await deleteExpiredLabels(store, 'shop', 30 * DAY_MS);
  expect(deleted).toBe(2);
  expect(await kept('shop')).toEqual(['correction', 'young']);
  expect(await kept('other')).toHaveLength(4);
});
