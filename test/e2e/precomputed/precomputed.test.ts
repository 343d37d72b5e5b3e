import { describe, expect } from 'vitest';
import { PATIENCE, test, type Scored } from './scored.ts';

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

describe('precomputed predictions', () => {
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

  test('answers like the model at that instant, until it is too old', async ({ scored }) => {
    const { predict } = asking(scored);
    const [{ at } = { at: new Date(0) }] = await newest(scored);
    const ahead = await predict('ad-7', {}, 'precomputed');
    expect(ahead).toMatchObject({
      version: 1,
      source: 'precomputed',
      view: 'ad_scores@1',
      computed_at: at.toISOString(),
      age_ms: expect.any(Number),
      degraded: false,
    });
    const then = { requested_at: at.toISOString(), placement: 'feed', bid: 0.5 };
    const live = await predict('ad-7', then, 'live');
    expect(live).not.toHaveProperty('source');
    expect(ahead.outputs).toEqual(live.outputs);
    // Its own instant is taken, whatever the caller sends.
    expect(await predict('ad-7', { requested_at: '2026-01-01T00:00:00Z' }, 'precomputed')).toMatchObject({
      outputs: live.outputs,
      source: 'precomputed',
    });
    expect(await predict('ad-7', { ...then, placement: 'side' }, 'precomputed_or_live')).toMatchObject({
      source: 'live',
      live_reason: 'ad_scores@1:OTHER_REQUEST',
    });
    expect(await predict('ad-7', { placement: 'side' }, 'precomputed')).toMatchObject({
      code: 'PREDICTION_NOT_PRECOMPUTED',
      status: 409,
      detail: expect.stringContaining('ad_scores@1:OTHER_REQUEST'),
    });
    expect(await predict('ad-7', { bid: 'x' }, 'precomputed')).toMatchObject({
      code: 'REQUEST_INVALID',
      errors: [{ pointer: '/request/bid' }],
    });
    expect(await predict('ad-none', {}, 'precomputed_or_live')).toMatchObject({
      source: 'live',
      live_reason: 'ad_scores@1:NOT_FOUND',
      degraded: true,
    });
  });

  test('a batch is answered row by row, and logged', async ({ scored }) => {
    const { batch } = asking(scored);
    const url = await scored.url();
    const rows = [
      { entities: { ad_id: 'ad-1' } },
      { entities: { ad_id: 'ad-none' } },
      { entities: { ad_id: 7 } },
      { entities: { ad_id: 'ad-2' }, request: { bid: 0.75 } },
      { entities: { ad_id: 'ad-2' } },
    ];
    const mixed = await batch(rows, 'precomputed_or_live');
    expect(mixed.map((row) => row.source ?? row.error?.code)).toEqual([
      'precomputed',
      'live',
      'REQUEST_INVALID',
      'live',
      'precomputed',
    ]);
    const { requested_at, placement, bid } = {
      requested_at: new Date().toISOString(),
      placement: 'feed',
      bid: 0.75,
    };
    const [there] = await batch(
      [{ entities: { ad_id: 'ad-2' }, request: { requested_at, placement, bid } }],
      'live',
    );
    expect(mixed[3]?.outputs?.['ctr']).toBeCloseTo(there?.outputs?.['ctr'] ?? -1, 3);
    const strict = await batch(rows, 'precomputed');
    expect(strict.map((row) => row.source ?? row.error?.code)).toEqual([
      'precomputed',
      'PREDICTION_NOT_PRECOMPUTED',
      'REQUEST_INVALID',
      'PREDICTION_NOT_PRECOMPUTED',
      'precomputed',
    ]);
    const id = mixed[0]?.prediction_id ?? '';
    const logged = async () => (await fetch(`${url}/v1/predictions/${id}`)).json();
    await expect.poll(logged, PATIENCE).toMatchObject({
      prediction_id: id,
      precomputed: 'ad_scores@1',
      outputs: mixed[0]?.outputs,
      request: { placement: 'feed', bid: 0.5, requested_at: mixed[0]?.computed_at },
      views: [{ ref: 'ad_scores@1', status: 'PRESENT', run_id: expect.any(String) }],
    });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain(
      'larder_precomputed_rows_total{model="ad_ctr",version="1",answer="live",reason="OTHER_REQUEST"}',
    );
  });

  test('another version of the model is asked, until it has predicted too', async ({ scored }) => {
    const { predict } = asking(scored);
    await scored.train(-3);
    await expect
      .poll(() => predict('ad-7', {}, 'precomputed_or_live'), PATIENCE)
      .toMatchObject({ version: 2, source: 'live', live_reason: 'ad_scores@1:OTHER_MODEL_VERSION' });
    expect(await predict('ad-7', {}, 'precomputed')).toMatchObject({ code: 'PREDICTION_NOT_PRECOMPUTED' });
    expect(await scored.backfill('ad_scores')).toMatchObject({ status: 'succeeded', rows: { done: ADS } });
    expect(await predict('ad-7', {}, 'precomputed')).toMatchObject({ version: 2, source: 'precomputed' });
  });

  test('a worker that is killed midway loses none and doubles none', async ({ scored }) => {
    const before = (
      await scored.sql<{ n: number }>('select count(*)::integer n from scored_history.ad_scores_v1')
    )[0];
    await scored.sql(
      `insert into images select 'more-' || n, array[n / 5000.0, 1], 1, now() - interval '1 day' from generate_series(1, 6000) n`,
    );
    const first = await scored.startBackfill('ad_image');
    const landed = async () =>
      (await scored.sql<{ n: number }>(`select count(*)::integer n from scored_history.ad_scores_v1`))[0]
        ?.n ?? 0;
    await expect.poll(landed, PATIENCE).toBeGreaterThan(before?.n ?? 0);
    await scored.killWorkers();
    await scored.startWorker();
    await scored.ended(first);
    await scored.settled();
    const keys = await scored.sql<{ ad_id: string; n: number }>(
      `select ad_id, count(*)::integer n from scored_history.ad_scores_v1 where ad_id like 'more-%' group by ad_id`,
    );
    expect(keys).toHaveLength(6_000);
    expect(keys.filter(({ n }) => n !== 1)).toEqual([]);
  });
});

interface Answer {
  readonly prediction_id?: string;
  readonly outputs?: Readonly<Record<string, number>>;
  readonly source?: string;
  readonly computed_at?: string;
  readonly error?: { readonly code: string };
}

function asking(scored: Scored) {
  const post = async <A>(path: string, body: object): Promise<A> => {
    const answer = await fetch((await scored.url()) + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return (await answer.json()) as A;
  };
  return {
    predict: (adId: string, request: object, mode: string) =>
      post<Answer>('/v1/models/ad_ctr/predict', { entities: { ad_id: adId }, request, options: { mode } }),
    batch: async (rows: readonly object[], mode: string) =>
      (
        await post<{ rows: readonly Answer[] }>('/v1/models/ad_ctr/predict-batch', {
          rows,
          options: { mode },
        })
      ).rows,
  };
}
