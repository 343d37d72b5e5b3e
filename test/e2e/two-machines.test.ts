import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PredictAnswer, ReadyAnswer, Run } from '@larder/contracts';
import { createKey } from '@larder/access';
import { createOfflineStore } from '@larder/offline-store';
import { test } from '@larder/testing';
import { expect, inject, onTestFinished, vi } from 'vitest';
import { askOnHost } from '../hosts/ask-on-host.ts';
import { namespacesMissing, openHost, type NetworkHost } from '../hosts/network-host.ts';
import { startApp, type AppProcess } from '../rolling/app-process.ts';
import { call } from '../rolling/http-call.ts';
import { ADS, applyIn, logger, writeProject } from '../rolling/restart-project.ts';

const missing = namespacesMissing();
if (missing !== null)
  console.warn(
    `two-machines: ${missing}. Both hosts share 127.0.0.1, and a lost network is one that passes no bytes.`,
  );

/** A host with its own copy of the project and its own cache, and one process of each kind. */
interface Machine {
  readonly host: NetworkHost;
  readonly serve: AppProcess;
  readonly worker: AppProcess;
}

async function startMachine(host: NetworkHost, folder: string): Promise<Machine> {
  const options = {
    within: host.within,
    host: host.address,
    folder,
    env: {
      LARDER_PROJECT: './larder.config.ts',
      LARDER_DATABASE_URL: host.databaseUrl,
      LARDER_REDIS_URL: host.redisUrl,
      LARDER_CONNECTION_SHOP_URL: host.databaseUrl,
      LARDER_HOST: host.address,
      LARDER_AUTH: 'keys',
      LARDER_WORKER_SLOTS: '1',
    },
  };
  const serve = await startApp('inference', options);
  onTestFinished(async () => void (await serve.end('SIGKILL')));
  const worker = await startApp('worker', { ...options, script: 'apps/worker/fixtures/quick-worker.ts' });
  onTestFinished(async () => void (await worker.end('SIGKILL')));
  return { host, serve, worker };
}

const PATH = '/v1/models/ad_ctr/predict';
const SHARED = { timeout: 60_000, interval: 20 };
const PREDICT = { entities: { ad_id: 'ad-7' }, options: { deadline_ms: 10_000, features: true } };

/** An answer without what differs in every answer: its id, its times and the ages of its features. */
function comparable(answer: PredictAnswer): string {
  const features = answer.features?.map((feature) => ({ ...feature, age_ms: null }));
  return JSON.stringify({ ...answer, prediction_id: null, timings_ms: null, features });
}

test(
  'a second host takes its part with another copy of the project; when its network goes away, nothing is lost or doubled',
  { timeout: 600_000 },
  async ({ database, redis }) => {
    const folder = join(inject('testFolder'), randomUUID());
    const stores = { databaseUrl: database.url, redisUrl: redis.url };
    const namespaces = missing === null;
    const openOne = async (name: string) => {
      const host = await openHost(name, { stores, namespaces });
      onTestFinished(() => host.close());
      return host;
    };
    const [hostA, hostB] = [await openOne('a'), await openOne('b')];
    const [folderA, folderB] = [join(folder, 'a'), join(folder, 'b')];
    await Promise.all([writeProject(folderA), writeProject(folderB)]);
    // A checkout has no artifacts: the host gets them by their hash.
    await rm(join(folderB, 'model'), { recursive: true });
    await applyIn(folderA, stores);
    const store = createOfflineStore({ databaseUrl: database.url, logger });
    onTestFinished(() => store.close());
    const { text: apiKey } = await createKey(store, {
      project: 'restarted',
      name: 'the test',
      role: 'engineer',
      scopes: [],
      rate: null,
      by: { actor: 'test', granted: null },
    });
    const ask = (url: string, body?: unknown) =>
      call(url, { agent: false, apiKey, ...(body !== undefined && { method: 'POST', body }) });
    const askB = (path: string, body?: unknown) =>
      askOnHost(hostB, `${b.serve.url}${path}`, { apiKey, body });
    const a = await startMachine(hostA, folderA);
    const b = await startMachine(hostB, folderB);

    const backfill = async () => {
      const body = { view: 'ad_image', scope: { all: true }, force: true };
      const answer = await ask(`${a.serve.url}/v1/backfills`, body);
      expect(answer.status).toBe(202);
      return (answer.body as { run_id: string }).run_id;
    };
    const run = async (runId: string) => (await ask(`${a.serve.url}/v1/runs/${runId}`)).body as Run;
    const untilEnded = (runId: string) =>
      expect
        .poll(() => run(runId), { timeout: 60_000 })
        .toMatchObject({ status: 'succeeded', rows: { done: ADS } });
    const workersOf = async (runId: string): Promise<number> => {
      const { rows } = await store.pool.query<{ count: number }>(
        'select count(distinct claimed_by)::int as count from larder.chunks where run_id = $1',
        [runId],
      );
      return rows[0]?.count ?? 0;
    };
    const predict = async ({ serve }: Machine) => {
      const answer = await ask(`${serve.url}${PATH}`, PREDICT);
      return answer.status === 200 ? comparable(answer.body as PredictAnswer) : String(answer.status);
    };

    /** How many workers took part in a run; on a busy machine one may take all of it. */
    const workersOfNext = async () => {
      const next = await backfill();
      await untilEnded(next);
      return workersOf(next);
    };
    /** A run in which both take part, and which has not ended. */
    const runOfBoth = () =>
      vi.waitFor(
        async () => {
          const next = await backfill();
          const hasEnded = async () => (await run(next)).finished_at !== null;
          await vi.waitUntil(async () => (await workersOf(next)) === 2 || (await hasEnded()), SHARED);
          expect(await hasEnded()).toBe(false);
          return next;
        },
        { timeout: 120_000 },
      );

    await expect.poll(workersOfNext, { timeout: 120_000 }).toBe(2);
    // Neither answers without a key, as on every address that others reach.
    for (const { serve } of [a, b])
      expect((await call(`${serve.url}/v1/runs`, { agent: false })).body).toMatchObject({
        code: 'KEY_REQUIRED',
      });
    expect(await predict(b)).toBe(await predict(a));
    expect(await predict(b)).toContain('"status":"PRESENT"');

    const second = await runOfBoth();
    hostB.disconnect();
    await untilEnded(second);
    expect(await predict(a)).toContain('"status":"PRESENT"');
    await expect
      .poll(() => askB('/health/ready'), { timeout: 60_000 })
      .toMatchObject({ status: 200, body: { degraded: true } });
    const ready = (await askB('/health/ready')).body as ReadyAnswer;
    expect(ready.checks.filter(({ degraded }) => degraded).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['redis', 'postgresql']),
    );
    expect(await askB(PATH, PREDICT)).toMatchObject({
      status: 503,
      retryAfter: expect.stringMatching(/^\d+$/),
      body: { code: 'ONLINE_STORE_UNAVAILABLE' },
    });

    hostB.reconnect();
    await expect.poll(() => predict(b), { timeout: 60_000 }).toBe(await predict(a));
    await expect
      .poll(async () => (await ask(`${b.serve.url}/health/ready`)).body, {
        timeout: 60_000,
      })
      .toMatchObject({ degraded: false });
    // Its worker takes chunks again.
    await expect.poll(workersOfNext, { timeout: 120_000 }).toBe(2);
    const { rows } = await store.pool.query(
      `select 1 from restarted_history.ad_image_v1 group by ad_id, revision having count(*) > 1
        union all select 1 from larder.run_violations('restarted', true)`,
    );
    expect(rows).toEqual([]);
  },
);
