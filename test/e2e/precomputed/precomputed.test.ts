import { describe, expect } from 'vitest';
import { test, type Scored } from './scored.ts';

const ADS = 300;

async function seed({ sql }: Scored): Promise<void> {
  await sql(`
    create table images (ad_id text, embedding float4[], clicks float4, event_timestamp timestamptz);
    create table stats (ad_id text, clicks bigint, seen float4, event_timestamp timestamptz);
    insert into images select 'ad-' || n, array[n / 300.0, 1], case when n % 3 = 0 then null else n / 100.0 end, now() - interval '1 day'
      from generate_series(1, ${ADS}) n;
    -- a third has none, a third is too old for its TTL
    insert into stats select 'ad-' || n, n, n / 300.0, now() - case when n % 3 = 1 then interval '2 hours' else interval '1 minute' end
      from generate_series(1, ${ADS}) n where n % 3 > 0`);
}

interface Scores {
  readonly ad_id: string;
  readonly ctr: number;
  readonly model_version: number;
  readonly at: Date;
}

const newest = ({ sql }: Scored) =>
  sql<Scores>(`select distinct on (ad_id) ad_id, ctr, model_version::integer, event_timestamp as at from scored_history.ad_scores_v1
    order by ad_id, event_timestamp desc, created_timestamp desc, revision desc`);

describe('precomputed predictions', { timeout: 120_000 }, () => {
  test('a backfill predicts every entity as of the instant of its run', async ({ scored }) => {
    await seed(scored);
    await scored.train(1);
    await scored.startWorker();
    for (const view of ['ad_image', 'ad_stats'])
      expect(await scored.backfill(view)).toMatchObject({ status: 'succeeded' });
    await scored.settled();
    const fed = await newest(scored);
    expect(fed, 'what the feed predicted').toHaveLength(ADS);
    const run = await scored.backfill('ad_scores');
    expect(run).toMatchObject({ status: 'succeeded', rows: { total: ADS, done: ADS, failed: 0 } });
    const scores = await newest(scored);
    expect(scores).toHaveLength(ADS);
    const at = run.createdAt;
    for (const row of scores) expect(row).toMatchObject({ model_version: 1, at });
    const url = await scored.url();
    const answer = await fetch(`${url}/v1/models/ad_ctr/predict-batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        rows: scores.map(({ ad_id }) => ({ entities: { ad_id } })),
        shared: { request: { requested_at: at.toISOString(), placement: 'feed', bid: 0.5 } },
      }),
    });
    const { rows } = (await answer.json()) as { rows: { outputs: { ctr: number } }[] };
    expect(scores.map(({ ctr }) => ctr)).toEqual(rows.map(({ outputs }) => outputs.ctr));
    expect(new Set(scores.map(({ ctr }) => ctr)).size).toBeGreaterThan(ADS / 2);
  });
});
