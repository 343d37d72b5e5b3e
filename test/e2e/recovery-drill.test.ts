import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { EntityAnswer, PredictAnswer, Run } from '@larder/contracts';
import { createLogger } from '@larder/core';
import { startStack } from '@larder/infra/stack';
import { wrongOnlineRows } from '@larder/materialization/fixtures/wrong-online-rows';
import { createOfflineStore } from '@larder/offline-store';
import { connectRedis } from '@larder/online-store';
import { appliedManifest } from '@larder/registry';
import pg from 'pg';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { copyShop, jsonOf, larder } from '../../apps/cli/fixtures/run-cli.ts';
import { startArchivedPostgres } from '../recovery/archived-postgres.ts';

const ADS = 200;
const WAIT = { timeout: 150_000, interval: 20 };
const PREDICT = { entities: { ad_id: 'ad-7' }, request: { requested_at: '2026-11-29T12:00:00Z', bid: 2 } };

async function call<Answer>(url: string, body?: object): Promise<Answer> {
  const answer = await fetch(url, {
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

/** Adds a view that is computed from the other one. */
function chain(folder: string): void {
  const path = join(folder, 'larder.config.ts');
  const config = readFileSync(path, 'utf8').replace('{ sqlSource }', '{ fromViews, sqlSource }');
  const view = `
export const adRank = featureView('ad_rank', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  source: fromViews([adStats.pick('click_rate')]),
  schema: { click_rate: f.float32() },
});
`;
  writeFileSync(path, config + view);
}

test.for(['recovered to before', 'replaced by a replica from before'] as const)(
  'PostgreSQL %s a run: restored authoritatively, run again with other values, and those are served',
  async (way) => {
    const root = join(inject('testFolder'), '../..');
    const name = `${basename(inject('testFolder'))}/drill-${randomBytes(3).toString('hex')}`;
    const folder = copyShop();
    chain(folder);
    const postgres = await startArchivedPostgres(root, name);
    onTestFinished(() => postgres.stop());
    const databaseUrl = postgres.url('postgres');
    const source = async (sql: string): Promise<void> => {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      await client.query(sql);
      await client.end();
    };
    const stack = await startStack({
      project: join(folder, 'larder.config.ts'),
      root: folder,
      databaseUrl,
      port: 0,
      actor: 'test',
      async env() {
        await source(`
        create table ads (ad_id text primary key, clicks bigint, click_rate real, shape real[], updated_at timestamptz);
        insert into ads select 'ad-' || n, n, 0.1, array[n, 1, 2, 3]::real[], now() - interval '1 hour' from generate_series(1, ${ADS}) n`);
        return { LARDER_CONNECTION_SHOP_URL: databaseUrl };
      },
    });
    onTestFinished(() => stack.stop());
    const store = createOfflineStore({ databaseUrl, logger: createLogger('test', { level: 'silent' }) });
    const redis = connectRedis(stack.redisUrl, { role: 'worker' });
    onTestFinished(async () => {
      redis.disconnect();
      await store.close();
    });
    const run = async (): Promise<Run> => {
      const { run_id: id } = await call<Run>(`${stack.inferenceUrl}/v1/backfills`, {
        view: 'ad_stats',
        scope: { all: true },
      });
      const now = () => call<Run>(`${stack.inferenceUrl}/v1/runs/${id}`);
      await vi.waitUntil(async () => (await now()).finished_at !== null, WAIT);
      return now();
    };
    const predict = async () => {
      const { outputs } = await call<PredictAnswer>(
        `${stack.inferenceUrl}/v1/models/ad_ctr/predict`,
        PREDICT,
      );
      return outputs;
    };
    const online = async (key: string, view = 'ad_stats@1') => {
      const found = await call<EntityAnswer>(`${stack.inferenceUrl}/v1/entities/ad/${key}`);
      return found.views.find(({ ref }) => ref === view);
    };
    const wrong = async () => {
      const applied = await appliedManifest(store, 'shop');
      if (applied === null) throw new Error('Nothing is applied.');
      return wrongOnlineRows(store, redis, applied.manifest);
    };
    /** Until the chain has landed this value for all ads of the beginning, knows as many ads, and is online. */
    const followed = (rate: number, ads = ADS) =>
      vi.waitUntil(async () => {
        const { rows } = await store.pool.query<{ same: number; all: number }>(
          `select count(distinct ad_id) filter (where click_rate = $1::real)::int as same, count(distinct ad_id)::int as all
         from shop_history.ad_rank_v1`,
          [rate],
        );
        const [{ same, all } = { same: 0, all: 0 }] = rows;
        return same === ADS && all === ads && (await wrong()).wrong.length === 0;
      }, WAIT);

    expect(await run()).toMatchObject({ status: 'succeeded', rows: { done: ADS } });
    await followed(0.1);
    const before = await predict();
    await postgres.backUp();
    const target = await postgres.now();
    await postgres.cutReplica();
    await source(
      `update ads set click_rate = 0.9, updated_at = now(); insert into ads values ('ad-lost', 1, 0.5, '{1,2,3,4}', now())`,
    );
    const lost = await run();
    expect(lost).toMatchObject({ status: 'succeeded', rows: { done: ADS + 1 } });
    expect(await predict()).not.toEqual(before);
    await followed(0.9, ADS + 1);
    const lostRevision = (await online('ad-7'))?.revision as number;

    let restored: Record<string, unknown> = {};
    await stack.restartApps(async () => {
      await (way === 'recovered to before' ? postgres.recoverTo(target) : postgres.promoteReplica());
      const result = await larder(
        ['restore', '--authoritative', '--yes', '--json', '--project', join(folder, 'larder.config.ts')],
        stack.env,
      );
      expect(result).toMatchObject({ code: 0 });
      restored = jsonOf(result);
    });
    expect(restored).toMatchObject({
      jumped: true,
      removed: { 'ad_stats@1': ADS + 1, 'ad_rank@1': ADS + 1 },
    });
    expect(await wrong()).toEqual({ compared: 2 * ADS, wrong: [] });
    expect(await predict()).toEqual(before);
    expect((await online('ad-7', 'ad_rank@1'))?.values).toMatchObject({ click_rate: 0.1 });
    expect((await online('ad-7'))?.revision).toBeLessThan(lostRevision);

    // The source went back as well, and has other values now.
    await source(`update ads set click_rate = 0.4, updated_at = now()`);
    expect(await run()).toMatchObject({ status: 'succeeded', rows: { done: ADS } });
    const inspected = await online('ad-7');
    expect(inspected?.revision).toBeGreaterThan(1_000_000);
    expect(inspected?.values).toMatchObject({ click_rate: 0.4 });
    expect(await predict()).not.toEqual(before);
    // The chain goes on from its restored cursor.
    await followed(0.4);
    expect((await online('ad-7', 'ad_rank@1'))?.values).toMatchObject({ click_rate: 0.4 });
    expect(await wrong()).toEqual({ compared: 2 * ADS, wrong: [] });
  },
);
