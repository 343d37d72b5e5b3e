import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { PredictAnswer } from '@larder/contracts';
import { createLogger } from '@larder/core';
import { createAdsDatabase, drawPictures, requests, seedAds, startScript } from '@larder/example-ads';
import { openStateFolder, removeStateFolder } from '@larder/infra';
import { startStack } from '@larder/infra/stack';
import { wrongOnlineRows } from '@larder/materialization/fixtures/wrong-online-rows';
import { createOfflineStore } from '@larder/offline-store';
import { connectRedis } from '@larder/online-store';
import { appliedManifest } from '@larder/registry';
import { startArchivedPostgres } from '../recovery/archived-postgres.ts';
import { backfill } from './ads/ads-stack.ts';
import type { Bench } from './row.ts';

const MAX_SECONDS = 60;
const PROJECT = resolve(import.meta.dirname, '../../examples/ads/larder.config.ts');
const CLI = resolve(import.meta.dirname, '../../apps/cli/src/main.ts');
const root = resolve(import.meta.dirname, '../..');

const bench: Bench = {
  name: 'recovery-drill',
  what: 'the advertising example, its PostgreSQL recovered to before a run and events: from the stop of the apps to the first right prediction, with larder restore --authoritative in between; then every row of Redis against history',
  async run(progress) {
    const state = openStateFolder(root, `bench-${process.pid}`);
    const pictures = join(root, '.larder', 'ads');
    await drawPictures({ folder: pictures });
    const feed = await startScript('feed-process.ts', ['--folder', pictures], state.path);
    const postgres = await startArchivedPostgres(root, `bench-${process.pid}/archived`);
    const databaseUrl = postgres.url('postgres');
    const stack = await startStack({
      project: PROJECT,
      root: state.path,
      databaseUrl,
      port: 16_640,
      actor: 'bench',
      async env() {
        const adsDatabaseUrl = await createAdsDatabase(databaseUrl);
        await seedAds({ databaseUrl: adsDatabaseUrl, feedUrl: feed.url });
        return { LARDER_CONNECTION_ADS_URL: adsDatabaseUrl };
      },
    });
    const store = createOfflineStore({ databaseUrl, logger: createLogger('bench', { level: 'silent' }) });
    const redis = connectRedis(stack.redisUrl, { role: 'worker' });
    const post = async <Answer>(path: string, body: object): Promise<Answer> => {
      const answer = await fetch(`${stack.inferenceUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as Answer;
    };
    const [asked] = requests(1);
    if (asked === undefined) throw new Error('The example has no request.');
    const predict = async (): Promise<string> => {
      const { outputs } = await post<PredictAnswer>('/v1/models/ad_ctr/predict', {
        ...asked,
        request: { ...asked.request, requested_at: '2026-11-29T12:00:00Z' },
      });
      return JSON.stringify(outputs);
    };
    try {
      progress('filling the example');
      await backfill({ stack }, 'ad_events', false);
      await backfill({ stack }, 'ad_image', false);
      const right = await predict();
      await postgres.backUp();
      const target = await postgres.now();
      progress('a run and events that the recovery will lose');
      await backfill({ stack }, 'ad_image', true);
      await post('/v1/events/ad_events', {
        events: Array.from({ length: 50 }, (_, at) => ({
          event_id: `lost-${at}`,
          event_timestamp: new Date().toISOString(),
          ad_id: asked.entities.ad_id,
          impressions: 1_000,
          clicks: 900,
        })),
      });
      if ((await predict()) === right) throw new Error('The events did not change the prediction.');

      const started = performance.now();
      const since = () => ((performance.now() - started) / 1_000).toFixed(1);
      await stack.restartApps(async () => {
        progress(`the apps stopped after ${since()} s`);
        await postgres.recoverTo(target);
        progress(`PostgreSQL is recovered after ${since()} s`);
        const { stdout } = await promisify(execFile)(
          process.execPath,
          [CLI, 'restore', '--authoritative', '--yes', '--project', PROJECT],
          { env: { ...process.env, ...stack.env } },
        );
        progress(`Redis is restored after ${since()} s:\n${stdout.trimEnd()}`);
      });
      progress(`the apps run after ${since()} s`);
      let answer = await predict();
      while (answer !== right && performance.now() - started < 2 * MAX_SECONDS * 1_000)
        answer = await predict();
      if (answer !== right) progress(`the prediction is ${answer}, not ${right}`);
      const seconds = answer === right ? (performance.now() - started) / 1_000 : Infinity;
      const applied = await appliedManifest(store, 'ads');
      if (applied === null) throw new Error('Nothing is applied.');
      const { compared, wrong } = await wrongOnlineRows(store, redis, applied.manifest);
      progress(
        `${compared} rows compared with history${wrong.length === 0 ? '' : `: ${wrong.slice(0, 5).join(', ')}`}`,
      );
      return [
        {
          name: 'recovery-drill',
          value: seconds,
          unit: 's from stop to the first right prediction',
          floor: null,
          ratio: null,
          target: `≤ ${MAX_SECONDS} s`,
          ok: seconds <= MAX_SECONDS,
        },
        {
          name: 'recovery-drill-wrong',
          value: wrong.length,
          unit: `rows wrong, of ${compared}`,
          floor: null,
          ratio: null,
          target: '0',
          ok: wrong.length === 0 && compared > 0,
        },
      ];
    } finally {
      redis.disconnect();
      await store.close();
      await stack.stop();
      await postgres.stop();
      await feed.stop();
      removeStateFolder(state);
    }
  },
};

export default bench;
