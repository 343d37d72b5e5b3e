import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { QUICK } from '@larder/materialization/fixtures/quick-times';
import { test as base } from '@larder/testing';
import pg from 'pg';
import { describe, expect } from 'vitest';
import { readConfig } from '../../../worker/src/config.ts';
import { startWorker } from '../../../worker/src/start-worker.ts';
import { copyShop, jsonOf, larder, type CliResult, shopEnv, sourceAds } from '../../fixtures/run-cli.ts';

const PATIENCE = { timeout: 150_000 };
const SCORES = `
import { postProcess, precomputedPredictions, runTime } from '@larder/features';
export const adScores = precomputedPredictions('ad_scores', {
  version: 1, model: adCtr, ttl: '36h', schedule: '0 5 * * *', request: { requested_at: runTime(), bid: 0.5 },
});
export const decision = postProcess('decision', {
  outputs: { ctr: f.float32() },
  request: { floor: f.float64() },
  schema: { calibrated: f.float64(), shown: f.bool(), reason: f.string().default('none'), points: f.int64(), at: f.timestamp() },
  compute: ({ outputs: { ctr }, request: { floor } }) => ({
    calibrated: ctr / 3,
    shown: ctr / 3 >= floor,
    reason: ctr / 3 < floor ? 'below ' + floor : null,
    points: 2n ** 60n + BigInt(Math.round(ctr * 1e6)),
    at: new Date(Math.round(ctr * 1e12)),
  }),
});
export const adDecision = model('ad_decision', {
  features: [adStats.pick('click_rate', 'shape'), moment],
  output: { ctr: f.float32() },
  postprocess: decision,
  artifact: artifact('models/ad_ctr'),
});
export const adDecisions = precomputedPredictions('ad_decisions', {
  version: 1, model: adDecision, ttl: '36h', request: { requested_at: runTime(), bid: 0.5, floor: 0.24 },
});
`;

interface Shop {
  larder(...args: string[]): Promise<CliResult>;
  sql<Row>(text: string): Promise<Row[]>;
  edit(change: (text: string) => string): void;
  /** Adds the predictions of ad_ctr to the project, and starts its worker again. */
  define(): Promise<void>;
}

/** A project with a worker, and 40 ads in its source. */
const test = base.extend<{ $file: { shop: Shop } }>({
  shop: [
    async ({ database, redis }, use) => {
      const folder = copyShop();
      const env = shopEnv(folder, database.url, redis.url);
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query(sourceAds(40));
      await larder(['apply'], env);
      const start = () =>
        startWorker({
          config: readConfig({ ...env, LARDER_WORKER_SLOTS: '1' }),
          logger: createLogger('test', { level: 'silent' }),
          times: QUICK,
        });
      let worker = await start();
      const edit: Shop['edit'] = (change) => {
        const before = readFileSync(env.LARDER_PROJECT, 'utf8');
        // Another file: this process has loaded the one before.
        env.LARDER_PROJECT = join(folder, `${randomBytes(4).toString('hex')}.config.ts`);
        writeFileSync(env.LARDER_PROJECT, change(before));
      };
      await use({
        larder: (...args) => larder(args, env),
        sql: async <Row>(text: string) => (await client.query(text)).rows as Row[],
        edit,
        async define() {
          edit((text) => text + SCORES);
          await worker.stop();
          worker = await start();
        },
      });
      await worker.stop();
      await client.end();
    },
    { scope: 'file' },
  ],
});

describe('predictions that are computed ahead', () => {
  test('plan counts the keys that have rows of what the model reads', async ({ shop }) => {
    await shop.larder('backfill', 'ad_stats');
    const landed = () => shop.sql('select ad_id from shop_history.ad_stats_v1');
    await expect.poll(landed, PATIENCE).toHaveLength(40);
    await shop.define();
    const plan = await shop.larder('plan');
    expect(plan.stdout).toContain('fill ad_scores@1: 40 rows');
    expect(plan.stdout).toContain(
      'Nothing fills them by itself before their schedule, or rows that land in the views they are computed from: larder apply --backfill',
    );
    expect(jsonOf(await shop.larder('plan', '--json'))['fills']).toMatchObject([
      { view: 'ad_decisions@1', rows: 40, rows_from: 'source', source_problem: null },
      { view: 'ad_scores@1', rows: 40, rows_from: 'source', source_problem: null },
    ]);
    expect(await shop.larder('apply')).toMatchObject({ code: 0 });
  });

  test('they cannot be filled for a time range', async ({ shop }) => {
    const range = ['--from', '2026-11-01T00:00:00Z', '--to', '2026-11-02T00:00:00Z'];
    const refused = await shop.larder('backfill', 'ad_scores', ...range, '--json');
    expect([refused.code, jsonOf(refused)]).toMatchObject([
      2,
      {
        code: 'REQUEST_INVALID',
        errors: [
          { pointer: '/scope/event_time', detail: expect.stringContaining('for the instant of their run') },
        ],
      },
    ]);
  });

  test('preview says what shows them', async ({ shop }) => {
    const refused = await shop.larder('preview', 'ad_scores', '--entity', 'ad-7', '--json');
    expect([refused.code, jsonOf(refused)]).toMatchObject([
      2,
      { code: 'REQUEST_INVALID', detail: expect.stringContaining('larder predict ad_ctr --mode') },
    ]);
  });

  test('a run fails with the reason while no version of the model can be used', async ({ shop }) => {
    await shop.sql('update larder.model_versions set collected_at = now()');
    await shop.larder('backfill', 'ad_scores');
    const newest = async () => (jsonOf(await shop.larder('runs', '--json'))['runs'] as object[])[0];
    await expect.poll(newest, PATIENCE).toMatchObject({
      view: 'ad_scores',
      status: 'failed',
      error: {
        code: 'MODEL_VERSION_NOT_FOUND',
        reason: expect.stringContaining(
          "ad_ctr has no version or alias 'champion', or its content was removed",
        ),
      },
    });
    await shop.sql('update larder.model_versions set collected_at = null');
  });

  test('predict --mode reads them', async ({ shop }) => {
    expect(await shop.larder('backfill', 'ad_scores')).toMatchObject({ code: 0 });
    const ask = (...args: string[]) => shop.larder('predict', 'ad_ctr', '--ad_id', 'ad-7', ...args, '--json');
    await expect
      .poll(async () => jsonOf(await ask('--mode', 'precomputed')), PATIENCE)
      .toMatchObject({ source: 'precomputed', view: 'ad_scores@1', outputs: { ctr: expect.any(Number) } });
    expect(jsonOf(await ask('--mode', 'precomputed_or_live', '--bid', '2'))).toMatchObject({
      source: 'live',
      live_reason: 'ad_scores@1:OTHER_REQUEST',
    });
    const refused = await ask('--mode', 'precomputed', '--bid', '2');
    expect([refused.code, jsonOf(refused)]).toMatchObject([
      1,
      {
        code: 'PREDICTION_NOT_PRECOMPUTED',
        // A backfill would not help.
        detail: expect.stringMatching(/ad_scores@1:OTHER_REQUEST\)\. Leave out the request fields/),
      },
    ]);
    const shown = await shop.larder('predict', 'ad_ctr', '--ad_id', 'ad-7', '--mode', 'precomputed');
    expect(shown.stdout).toMatch(
      /^ad_ctr version 1\n {2}ctr {2}[\d.]+\n {2}precomputed in ad_scores@1, \w+ ago\n$/,
    );
  });

  test('they equal the live prediction of their instant, after a post-processing too', async ({ shop }) => {
    expect(await shop.larder('backfill', 'ad_decisions')).toMatchObject({ code: 0 });
    interface Answer {
      readonly outputs: object;
      readonly computed_at: string;
    }
    const answers: Answer['outputs'][] = [];
    for (const adId of ['ad-1', 'ad-20', 'ad-40']) {
      const ask = async (...args: string[]) =>
        jsonOf(
          await shop.larder('predict', 'ad_decision', '--ad_id', adId, ...args, '--json'),
        ) as unknown as Answer;
      const read = () => ask('--mode', 'precomputed');
      await expect.poll(read, PATIENCE).toMatchObject({ source: 'precomputed', view: 'ad_decisions@1' });
      const { outputs, computed_at: at } = await read();
      const live = await ask('--mode', 'live', '--requested_at', at, '--bid', '0.5', '--floor', '0.24');
      expect(outputs).toEqual(live.outputs);
      expect(Object.keys(outputs)).toEqual(['calibrated', 'shown', 'reason', 'points', 'at']);
      answers.push(outputs);
    }
    expect(answers).toEqual(
      expect.arrayContaining([expect.objectContaining({ shown: true, reason: 'none' })]),
    );
    expect(answers).toEqual(
      expect.arrayContaining([expect.objectContaining({ shown: false, reason: 'below 0.24' })]),
    );
  });

  test('their schedule predicts all of them again', async ({ shop }) => {
    await shop.sql(
      `update larder.schedules set due_at = date_trunc('minute', now() - interval '1 second') where view = 'ad_scores'`,
    );
    const runs = () =>
      shop.sql(
        `select status, rows_done::integer from larder.runs where view = 'ad_scores' and trigger = 'schedule'`,
      );
    await expect.poll(runs, PATIENCE).toEqual([{ status: 'succeeded', rows_done: 40 }]);
    const [scores] = await shop.sql<{ n: number; instants: number }>(
      `select count(*)::integer n, count(distinct event_timestamp)::integer instants from shop_history.ad_scores_v1`,
    );
    expect(scores).toEqual({ n: 80, instants: 2 });
  });

  test('doctor checks them as their model', async ({ shop }) => {
    const { checks } = jsonOf(await shop.larder('doctor', '--json')) as {
      checks: { status: string; check: string }[];
    };
    expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
    expect(checks.map(({ check }) => check)).toContain('source of ad_scores@1');
  });

  test('plan says whose rows it cannot count yet', async ({ shop }) => {
    shop.edit((text) => text.replaceAll('version: 1', 'version: 2'));
    expect(jsonOf(await shop.larder('plan', '--json'))['fills']).toMatchObject([
      { view: 'ad_decisions@2', source_problem: 'ad_stats@2, which it is computed from, is not applied yet' },
      { view: 'ad_scores@2', source_problem: 'ad_stats@2, which it is computed from, is not applied yet' },
      { view: 'ad_stats@2', rows: 40, source_problem: null },
    ]);
  });
});
