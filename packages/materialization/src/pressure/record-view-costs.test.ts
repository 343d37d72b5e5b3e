import { createOfflineStore, type OfflineStore } from '@larder/offline-store';
import { startPostgresProxy } from '@larder/testing';
import { createLogger } from '@larder/core';
import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import { test } from '../testing/runs.ts';
import { createViewCosts } from './record-view-costs.ts';

const IMAGE = { view: 'ad_image', version: 1 };
const TEXT = { view: 'ad_text', version: 2 };

async function secondsPerRow({ db }: OfflineStore, project: string): Promise<Record<string, number>> {
  const { rows } = await sql<{ view: string; cost: number }>`
    select view, slot_seconds / rows as cost from larder.view_costs where project = ${project}`.execute(db);
  return Object.fromEntries(rows.map(({ view, cost }) => [view, cost]));
}

test('chunks are summed by view, and later work outweighs earlier work', async ({ store, project }) => {
  const costs = createViewCosts(store, project);
  costs.add(IMAGE, 100, 60);
  costs.add(IMAGE, 100, 60);
  costs.add(TEXT, 1_000, 1);
  await costs.write();
  expect(await secondsPerRow(store, project)).toEqual({ ad_image: 0.6, ad_text: 0.001 });
  // Half the weight of 120 s: 60 s for 100 rows, and 120 s for 1,000.
  costs.add(IMAGE, 1_000, 120);
  await costs.write();
  expect((await secondsPerRow(store, project))['ad_image']).toBeCloseTo(180 / 1_100);
  costs.add(IMAGE, 1e6, 1e9);
  await costs.write();
  expect((await secondsPerRow(store, project))['ad_image']).toBeCloseTo(1_000);
});

test('two processes add up', async ({ store, project }) => {
  const processes = [createViewCosts(store, project), createViewCosts(store, project)];
  for (let round = 0; round < 20; round++)
    await Promise.all(
      processes.map((costs) => {
        costs.add(IMAGE, 1, 0.001);
        costs.add(TEXT, 1, 0.003);
        return costs.write();
      }),
    );
  const costs = await secondsPerRow(store, project);
  expect(costs['ad_image']).toBeCloseTo(0.001);
  expect(costs['ad_text']).toBeCloseTo(0.003);
});

test('what PostgreSQL does not take is written later', async ({ database, store, project }) => {
  const proxy = await startPostgresProxy(database.url);
  const over = createOfflineStore({
    databaseUrl: proxy.url,
    logger: createLogger('test', { level: 'silent' }),
  });
  onTestFinished(async () => {
    await over.close();
    await proxy.cut();
  });
  const costs = createViewCosts(over, project);
  await proxy.cut();
  costs.add(IMAGE, 10, 5);
  await expect(costs.write()).rejects.toThrow('PostgreSQL');
  await proxy.restore();
  costs.add(IMAGE, 10, 5);
  await costs.write();
  const { rows } =
    await sql`select rows, slot_seconds from larder.view_costs where project = ${project}`.execute(store.db);
  expect(rows).toEqual([{ rows: 20, slot_seconds: 10 }]);
});
