import type { Shop } from '@larder/materialization/fixtures';
import { applyManifest } from '@larder/registry';
import { describe, expect } from 'vitest';
import { test } from '../fixtures/shop-worker.ts';
import type { WorkerProcess } from '../fixtures/worker-process.ts';

const ADS = 80;
const KILLS = 2;
const PATIENCE = { timeout: 150_000, interval: 20 };

async function seed(shop: Shop, { words, price, day }: { words: string; price: number; day: number }) {
  const time = `'2026-03-0${day}T00:00:00Z'`;
  await shop.seedAds(ADS, () => words);
  await shop.sql(`update ads set updated_at = ${time}; truncate items;
    insert into items select ad_id, ${price}, ${time} from ads`);
}

/** Rows that all runs have landed so far. */
async function landed(shop: Shop): Promise<number> {
  const [row] = await shop.sql<{ rows: number }>(
    `select coalesce(sum(rows_done), 0)::integer as rows from larder.chunks where state in ('landed_history', 'done')`,
  );
  return row?.rows ?? 0;
}

/** Runs that have not ended, and changes that wait for their position or to be followed. */
function rest(shop: Shop): Promise<unknown[]> {
  return shop.sql(`select 'run' as what, view from larder.runs where finished_at is null
    union all select 'change', view from larder.unnumbered_changes
    union all select 'chain', c.view from larder.chains c join larder.feeds f using (project)
      where coalesce(split_part(c.cursor, '@', 1)::bigint, 0) < f.last_position`);
}

/** The newest row of every key has these values, and is the one online. */
async function newestOfEveryKey(shop: Shop, view: string, values: Record<string, number>): Promise<void> {
  const newest = await shop.sql<{ ad_id: string; revision: number } & Record<string, unknown>>(`
    select distinct on (ad_id) ad_id, revision, ${Object.keys(values).join(', ')} from shop_history.${view}_v1
    order by ad_id, event_timestamp desc, created_timestamp desc, revision desc`);
  expect(newest).toHaveLength(ADS);
  for (const row of newest) {
    expect(row).toMatchObject(values);
    const online = await shop.online(`${view}@1`, row.ad_id);
    expect(online).toMatchObject({ header: { revision: row.revision }, values });
  }
}

type Start = () => Promise<WorkerProcess>;

/** Starts the runs, and kills one worker after the other at random moments, until all rows have flowed through the chain. */
async function flowUnderKills(shop: Shop, startWorker: Start, views: readonly string[]): Promise<void> {
  const before = await landed(shop);
  const runs: string[] = [];
  for (const view of views) runs.push(await shop.backfill(view));
  const moments: number[] = [];
  let victim = await startWorker();
  for (let kill = 0; kill < KILLS; kill++) {
    const moment = Math.floor((kill + Math.random()) * ((2 * ADS) / KILLS));
    moments.push(moment);
    await expect
      .poll(async () => (await landed(shop)) - before >= moment || (await rest(shop)).length === 0, PATIENCE)
      .toBe(true);
    victim.kill('SIGKILL');
    await victim.exited();
    victim = await startWorker();
  }
  for (const runId of runs)
    expect(await shop.ended(runId), `killed after ${moments.join(', ')} rows`).toMatchObject({
      status: 'succeeded',
      rows: { total: ADS, done: ADS, failed: 0 },
    });
  await expect.poll(() => rest(shop), PATIENCE).toEqual([]);
  expect(
    await shop.sql(`select view, status from larder.runs where trigger = 'chain' and status <> 'succeeded'`),
  ).toEqual([]);
}

describe('workers killed while rows flow through a chain', () => {
  test('lose no row and double none', async ({ shop, startWorker }) => {
    await applyManifest(shop.store, shop.project.manifest, { actor: 'test' });
    await seed(shop, { words: 'slow:5 one', price: 10, day: 1 });
    // In this process: only the chain's rows matter.
    const first = shop.materializer();
    await shop.ended(await shop.backfill('catalog@1'));
    await first.stop({ deadlineMs: 5_000 });

    await flowUnderKills(shop, startWorker, ['ad_words@1']);
    await newestOfEveryKey(shop, 'offer', { word_count: 2, price: 10 });
    await newestOfEveryKey(shop, 'score', { score: 14 });
    expect(await shop.sql('select count(*)::integer as rows from shop_history.offer_v1')).toEqual([
      { rows: ADS },
    ]);
  });

  test('leave the newest values when both parents land at once', async ({ shop, startWorker }) => {
    await seed(shop, { words: 'slow:5 one two', price: 20, day: 2 });
    await flowUnderKills(shop, startWorker, ['ad_words@1', 'catalog@1']);
    await newestOfEveryKey(shop, 'offer', { word_count: 3, price: 20 });
    await newestOfEveryKey(shop, 'score', { score: 26 });
  });
});
