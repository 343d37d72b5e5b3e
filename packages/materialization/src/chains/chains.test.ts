import { cancelRun, getRun, pauseRun, resumeRun, runGraph } from '../runs/index.ts';
import { ADS, PATIENCE, test } from '../../fixtures/chains.ts';
import { expect } from 'vitest';

test('rows flow through the chain as the first view lands them', async ({ shop, chain }) => {
  await chain.seed(
    (at) => Array.from({ length: 1 + (at % 3) }, () => 'word').join(' '),
    () => 10,
  );
  shop.materializer();
  const catalog = await shop.backfill('catalog@1');
  await shop.ended(catalog);
  await chain.settled();
  const words = await shop.backfill('ad_words@1');
  await shop.ended(words);
  const [offers] = await chain.fedBy(words, 'offer');
  expect(await shop.ended(offers as string)).toMatchObject({
    status: 'succeeded',
    trigger: 'chain',
    rows: { total: ADS, done: ADS, failed: 0 },
  });
  const [scores] = await chain.fedBy(offers as string, 'score');
  await shop.ended(scores as string);
  expect(await chain.settled()).toBe(true);
  const graph = await runGraph(shop.store, 'shop', offers as string);
  expect(graph.runs.map(({ view }) => view)).toEqual(expect.arrayContaining(['ad_words', 'offer', 'score']));
  expect(graph.runs[0]?.trigger).toBe('backfill');
  expect(graph.links).toContainEqual({ parentRunId: words, runId: offers });
  expect(graph.links).toContainEqual({ parentRunId: offers, runId: scores });
  expect((await shop.online('score@1', 'ad-0001'))?.values).toEqual({ score: 2 + 10 + 2 });
  expect(await chain.newest('score', 'score')).toEqual(
    Object.fromEntries(
      Array.from({ length: ADS }, (_, at) => [`ad-${String(at).padStart(4, '0')}`, 2 * (1 + (at % 3)) + 10]),
    ),
  );
  // no fact is younger than the facts that it is computed from
  expect(
    await shop.sql(`select distinct s.event_timestamp = w.event_timestamp as same
    from shop_history.score_v1 s join shop_history.ad_words_v1 w using (ad_id)`),
  ).toEqual([{ same: true }]);
});

test('two views of one row: the value that was computed last wins, whatever landed first', async ({
  shop,
  chain,
}) => {
  const again = async (words: string, price: number) => {
    await shop.sql(`update ads set body = '${words}', updated_at = updated_at + interval '1 hour'`);
    await shop.sql(`update items set price = ${price}, updated_at = updated_at + interval '1 hour'`);
    const runs = [await shop.backfill('ad_words@1'), await shop.backfill('catalog@1')];
    for (const runId of runs) await shop.ended(runId);
    await chain.settled();
  };
  await chain.seed(
    () => 'one',
    () => 1,
  );
  shop.materializer();
  shop.materializer();
  let price = 1;
  for (const words of ['one', 'one two', 'one two three']) {
    price++;
    await again(words, price);
    const count = words.split(' ').length;
    const all = (value: unknown) =>
      Object.fromEntries(
        Array.from({ length: ADS }, (_, at) => [`ad-${String(at).padStart(4, '0')}`, value]),
      );
    expect(await chain.newest('offer', 'price')).toEqual(all(price));
    expect(await chain.newest('offer', 'word_count')).toEqual(all(count));
    expect(await chain.newest('score', 'score')).toEqual(all(2 * count + price));
    expect((await shop.online('score@1', 'ad-0007'))?.values).toEqual({ score: 2 * count + price });
  }
});

test('a run takes what all runs of its views land that are open together', async ({ shop, chain }) => {
  await chain.seed(
    () => 'one',
    () => 1,
  );
  const worker = shop.materializer();
  for (const view of ['catalog@1', 'ad_words@1']) await shop.ended(await shop.backfill(view));
  await chain.settled();
  await worker.stop({ deadlineMs: 5_000 });
  await chain.seed(
    () => 'one two',
    () => 2,
  );
  const catalog = await shop.backfill('catalog@1');
  await pauseRun(shop.store, 'shop', catalog);
  shop.materializer();
  const words = await shop.backfill('ad_words@1');
  const [offers] = await chain.fedBy(words, 'offer');
  const [scores] = await chain.fedBy(offers as string, 'score');
  // The last words came through both views to the scores: by then the chain had turns after the words had
  // ended. One turn may take a key from both of its views at once, so their rows are not counted.
  await shop.ended(words);
  await expect
    .poll(
      async () => Object.values(await chain.newest('score', 'score')).filter((score) => score === 5),
      PATIENCE,
    )
    .toHaveLength(ADS);
  expect(await getRun(shop.store, 'shop', scores as string)).toMatchObject({ finishedAt: null });
  expect(await getRun(shop.store, 'shop', offers as string)).toMatchObject({ finishedAt: null });
  await resumeRun(shop.store, 'shop', catalog);
  await chain.settled();
  expect(await chain.fedBy(catalog, 'offer')).toEqual([offers]);
  expect(await getRun(shop.store, 'shop', offers as string)).toMatchObject({ status: 'succeeded' });
});

test('a row that fails stops only what is computed from it', async ({ shop, chain }) => {
  await chain.seed(
    (at) => (at === 3 ? 'poison' : 'word'),
    (at) => (at === 5 ? 13 : 1),
  );
  shop.materializer();
  await shop.ended(await shop.backfill('catalog@1'));
  const words = await shop.backfill('ad_words@1', { force: true });
  await shop.ended(words);
  await chain.settled();
  const [offers] = await chain.fedBy(words, 'offer');
  const [scores] = await chain.fedBy(offers as string, 'score');
  expect(await shop.until(words, (run) => run.status === 'partial')).toMatchObject({
    rows: { done: ADS - 1, failed: 1 },
  });
  expect(await shop.until(offers as string, (run) => run.finishedAt !== null)).toMatchObject({
    status: 'succeeded',
  });
  expect(await shop.until(scores as string, (run) => run.finishedAt !== null)).toMatchObject({
    status: 'partial',
  });
  const failing = `select distinct entity_key from larder.row_failures where run_id = '${scores}'`;
  expect(await shop.sql(failing)).toEqual([{ entity_key: 'ad-0005' }]);
  expect(await chain.newest('score', 'score')).toHaveProperty('ad-0004', 3);
});

test('a key that its view ends is ended in the views computed from it, and comes back with it', async ({
  shop,
  chain,
}) => {
  await chain.seed(
    () => 'word',
    () => 2,
  );
  shop.materializer();
  for (const view of ['catalog@1', 'ad_words@1'])
    await shop.ended(await shop.backfill(view, { force: true }));
  await chain.settled();
  await shop.sql(`delete from items where ad_id = 'ad-0002'`);
  await shop.ended(await shop.backfill('catalog@1'));
  await chain.settled();
  expect(await chain.newest('catalog', 'price')).not.toHaveProperty('ad-0002');
  expect(await chain.newest('score', 'score')).not.toHaveProperty('ad-0002');
  expect(await shop.online('score@1', 'ad-0002')).toBeNull();
  await shop.sql(`insert into items select 'ad-0002', 2, max(updated_at) from items`);
  await shop.ended(await shop.backfill('catalog@1'));
  await chain.settled();
  expect(await chain.newest('score', 'score')).toHaveProperty('ad-0002', 4);
  expect((await shop.online('score@1', 'ad-0002'))?.values).toEqual({ score: 4 });
});

test('a backfill computes from history alone', async ({ shop, chain }) => {
  await chain.seed(
    () => 'word',
    () => 4,
  );
  shop.materializer();
  for (const view of ['catalog@1', 'ad_words@1'])
    await shop.ended(await shop.backfill(view, { force: true }));
  await chain.settled();
  await shop.sql('drop table ads, items');
  await shop.sql('delete from shop_history.score_v1');
  const run = await shop.ended(await shop.backfill('score@1'));
  expect(run).toMatchObject({ status: 'succeeded' });
  expect(Object.keys(await chain.newest('score', 'score')).length).toBe(ADS);
  const one = await shop.ended(
    await shop.backfill('score@1', {
      scope: { entities: [{ ad_id: 'ad-0001' }, { ad_id: 'nobody' }] },
      force: true,
    }),
  );
  expect(one).toMatchObject({ status: 'partial', rows: { done: 1, failed: 1 } });
  await shop.sql(`
    create table public.ads (ad_id text primary key, body text not null, updated_at timestamptz not null);
    create table public.items (ad_id text primary key, price float8, updated_at timestamptz)`);
});

test('a view that fell behind the feed is computed again, and follows from there', async ({
  shop,
  chain,
}) => {
  await chain.seed(
    () => 'word',
    () => 3,
  );
  await shop.sql(
    `update larder.chains set cursor = '1@00000000-0000-4000-8000-000000000000' where view = 'offer'`,
  );
  shop.materializer();
  await expect
    .poll(
      () =>
        shop.sql(
          `select scope from larder.runs where view = 'offer' and trigger = 'chain' and scope ? 'all'`,
        ),
      { timeout: 60_000 },
    )
    .toHaveLength(1);
  for (const view of ['catalog@1', 'ad_words@1'])
    await shop.ended(await shop.backfill(view, { force: true }));
  await chain.settled();
  expect(await chain.newest('offer', 'price')).toMatchObject({ 'ad-0003': 3 });
});

test('a cancelled run leaves out what its parent still lands; the next run of the parent continues', async ({
  shop,
  chain,
}) => {
  await chain.seed(
    () => 'slow:100 word',
    () => 5,
  );
  shop.materializer();
  await shop.ended(await shop.backfill('catalog@1', { force: true }));
  await chain.settled();
  const words = await shop.backfill('ad_words@1', { force: true });
  const [offers] = await chain.fedBy(words, 'offer');
  await cancelRun(shop.store, 'shop', offers as string);
  await shop.ended(words);
  await chain.settled();
  expect(await chain.fedBy(words, 'offer')).toEqual([offers]);
  const later = await shop.backfill('ad_words@1', { force: true });
  await shop.ended(later);
  const [next] = await chain.fedBy(later, 'offer');
  expect(await shop.ended(next as string)).toMatchObject({ status: 'succeeded', rows: { total: ADS } });
  await chain.settled();
});

test('runs over a whole view cut its keys into chunks, in order', async ({ shop }) => {
  const planned = await shop.sql<{
    view: string;
    ordinal: number;
    bounds: { lower: string[]; upper: string[] };
  }>(`
    select r.view, c.ordinal, c.bounds from larder.chunks c join larder.runs r using (run_id)
    where r.scope ? 'all' and r.view in ('offer', 'score') order by r.revision, c.ordinal`);
  expect(planned.length).toBeGreaterThan(3);
  for (const { bounds } of planned)
    expect((bounds.lower[0] as string) <= (bounds.upper[0] as string)).toBe(true);
});
