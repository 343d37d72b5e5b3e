import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { serialize } from 'node:v8';
import { createLogger } from '@larder/core';
import { loadProject } from '@larder/features';
import { createMaterializer, type MaterializerOptions } from '@larder/materialization';
import { forgetEntity } from '@larder/materialization/erasure';
import { QUICK } from '@larder/materialization/fixtures/quick-times';
import { createBackfill, getRun } from '@larder/materialization/runs';
import { createOfflineStore, ensureHistory, migrate, projectKeyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { test as base } from '@larder/testing';
import sharp from 'sharp';
import { expect, vi } from 'vitest';

const CONFIG = resolve(import.meta.dirname, '../../examples/ads/larder.config.ts');
const WAIT = { timeout: 150_000, interval: 20 };
/** A brightness that no picture has: values that were planted in the memory show by it where they are used. */
const PLANTED = 42;

interface Asked {
  readonly path: string;
  readonly condition: string | undefined;
  readonly status: number;
}

/** The advertising example with two workers and a server of pictures that sends ETags. */
const test = base.extend('world', { scope: 'file' }, async ({ database, redis }, { onCleanup }) => {
  const logger = createLogger('test', { level: 'silent' });
  const pictures = new Map<string, Buffer>();
  for (const colour of ['red', 'green', 'blue', 'grey'])
    pictures.set(
      colour,
      await sharp({ create: { width: 64, height: 64, channels: 3, background: colour } })
        .png()
        .toBuffer(),
    );
  const asked: Asked[] = [];
  const serve = (request: IncomingMessage) => {
    const path = request.url ?? '/';
    const bytes = pictures.get(path.slice(1).split('?')[0] ?? '') ?? Buffer.from('no picture');
    const etag = `"${createHash('sha256').update(bytes).digest('hex')}"`;
    const condition = request.headers['if-none-match'];
    const status = condition === etag ? 304 : 200;
    asked.push({ path, condition, status });
    return { status, etag, body: status === 304 ? '' : bytes };
  };
  const server = createServer((request, response) => {
    const { status, etag, body } = serve(request);
    response.writeHead(status, { etag }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store = createOfflineStore({ databaseUrl: database.url, maxConnections: 20, logger });
  await migrate(store);
  const project = await loadProject(CONFIG);
  for (const view of Object.values(project.manifest.feature_views))
    await ensureHistory(store, project.manifest, view);
  await store.pool.query(
    'create table public.ads (ad_id text primary key, image_url text, updated_at timestamptz)',
  );
  const connection = connectRedis(redis.url, { role: 'worker' });
  const onlineStore = createOnlineStore({
    redis: connection,
    project: project.name,
    keyHasher: () => projectKeyHasher(store, project.name),
  });
  const worker = (options: Partial<MaterializerOptions> = {}) =>
    createMaterializer({
      project,
      offlineStore: store,
      onlineStore,
      queueRedisUrl: redis.url,
      slots: 1,
      batchRows: 8,
      connections: { ads: database.url },
      times: QUICK,
      logger,
      valueMemoryBytes: 2 ** 20,
      ...options,
    });
  let workers: ReturnType<typeof worker>[] = [];
  const stopWorkers = async () =>
    void (await Promise.all(workers.map((one) => one.stop({ deadlineMs: 5_000 }))));
  onCleanup(async () => {
    await stopWorkers();
    connection.disconnect();
    await store.close();
    server.closeAllConnections();
    server.close();
  });
  const sql = async <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    (await store.pool.query(text, [...values])).rows as Row[];
  return {
    project,
    store,
    onlineStore,
    logger,
    pictures,
    asked,
    sql,
    /** Starts two workers anew: nothing is left of the threads of the ones before. */
    async restart(options: Partial<MaterializerOptions> = {}) {
      await stopWorkers();
      workers = [worker(options), worker(options)];
    },
    /** Fills the source with ads whose addresses are those of `path`. */
    async ads(count: number, path: (at: number) => string, updatedAt = '2026-03-01') {
      await sql('truncate ads');
      const addresses = Array.from({ length: count }, (_, at) => `${origin}/${path(at)}`);
      await sql(
        `insert into ads select 'ad-' || at, url, $2 from unnest($1::text[]) with ordinality as t (url, at)`,
        [addresses, updatedAt],
      );
    },
    /** Runs a backfill of all ads and returns what the server was asked meanwhile. */
    async backfill(force = false): Promise<Asked[]> {
      asked.length = 0;
      const { runId } = await createBackfill(store, {
        manifest: project.manifest,
        view: 'ad_image',
        scope: { all: true },
        force,
      });
      await vi.waitUntil(async () => (await getRun(store, project.name, runId)).finishedAt !== null, WAIT);
      const run = await getRun(store, project.name, runId);
      expect(run).toMatchObject({ status: 'succeeded', rows: { failed: 0 } });
      return [...asked];
    },
    /** Number of ads by the brightness of their newest row. */
    async brightness(): Promise<Record<string, number>> {
      const rows = await sql<{ brightness: number; count: number }>(`
        select round(brightness::numeric, 3)::float8 as brightness, count(*)::integer as count from (
          select distinct on (ad_id) brightness from ads_history.ad_image_v1
          order by ad_id, event_timestamp desc, created_timestamp desc, revision desc) newest group by 1`);
      return Object.fromEntries(rows.map((row) => [row.brightness, row.count]));
    },
    /** Replaces every remembered brightness. */
    async plant() {
      const planted = serialize({ embedding: new Array(512).fill(0), brightness: PLANTED, colourfulness: 0 });
      await sql('update larder.remembered_values set values = $1', [planted]);
    },
    remembered: () =>
      sql<{ contents: number; values: number; uses: number }>(`
        select (select count(*)::integer from larder.remembered_contents) as contents,
          (select count(*)::integer from larder.remembered_values) as values,
          (select count(*)::integer from larder.remembered_uses) as uses`).then(([counts]) => counts),
  };
});

const colourOf = (at: number): string => ['red', 'green', 'blue', 'grey'][at % 4] as string;

test(
  'a picture under a hundred ads is computed once, and afterwards not even downloaded',
  { timeout: 300_000 },
  async ({ world }) => {
    await world.restart();
    await world.ads(100, (at) => `${colourOf(at)}?ad=${at}`);
    expect((await world.backfill()).map(({ status }) => status)).toEqual(new Array(100).fill(200));
    expect(await world.remembered()).toEqual({ contents: 100, values: 4, uses: 100 });
    const first = await world.brightness();
    expect(Object.values(first)).toEqual([25, 25, 25, 25]);

    await world.plant();
    await world.restart();
    // The rows are new, the pictures are not: the host confirms each, nothing is computed.
    await world.ads(100, (at) => `${colourOf(at)}?ad=${at}`, '2026-03-02');
    expect((await world.backfill()).map(({ status }) => status)).toEqual(new Array(100).fill(304));
    expect(await world.brightness()).toEqual({ [PLANTED]: 100 });

    // Other addresses for the same pictures are downloaded, but not computed.
    await world.ads(100, (at) => `${colourOf(at)}?new=${at}`, '2026-03-03');
    expect((await world.backfill()).map(({ condition }) => condition)).toEqual(
      new Array(100).fill(undefined),
    );
    expect(await world.brightness()).toEqual({ [PLANTED]: 100 });

    // A forced run computes again. It asks without conditions until it has computed the picture itself.
    const forced = await world.backfill(true);
    expect(forced).toHaveLength(100);
    expect(forced.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4);
    expect(await world.brightness()).toEqual(first);
  },
);

test(
  'a picture that changed under its address is downloaded and computed',
  { timeout: 300_000 },
  async ({ world }) => {
    await world.restart();
    await world.ads(8, () => 'red', '2026-04-01');
    await world.backfill();
    const before = Object.keys(await world.brightness());
    world.pictures.set('red', world.pictures.get('grey') as Buffer);
    await world.ads(8, () => 'red', '2026-04-02');
    const [asked] = await world.backfill();
    expect(asked).toMatchObject({ condition: expect.stringMatching(/^"/) as string, status: 200 });
    const after = await world.sql<{ brightness: number }>(
      `select distinct brightness from ads_history.ad_image_v1 where event_timestamp = '2026-04-02'`,
    );
    expect(after).toHaveLength(1);
    expect(before).not.toContain(String(after[0]?.brightness));
  },
);

test(
  'an address that many ads share is asked once by each worker, not once per ad',
  { timeout: 300_000 },
  async ({ world }) => {
    await world.restart();
    await world.ads(100, (at) => `${colourOf(at)}?shared`, '2026-05-01');
    const asked = await world.backfill();
    expect(asked.length).toBeLessThanOrEqual(4 * 4);
  },
);

test(
  'forgetting an ad removes what is remembered of its picture',
  { timeout: 300_000 },
  async ({ world }) => {
    await world.restart();
    await world.ads(2, (at) => (at === 0 ? 'grey?secret=ad-1' : 'blue'), '2026-06-01');
    await world.backfill();
    const before = await world.sql('select 1 from larder.remembered_values');
    await forgetEntity(
      {
        offlineStore: world.store,
        onlineStore: world.onlineStore,
        logger: world.logger,
        eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
      },
      { manifest: world.project.manifest, entity: 'ad', key: 'ad-1', actor: 'test', reason: 'asked' },
    );
    expect((await world.sql('select 1 from larder.remembered_values')).length).toBeLessThan(before.length);
    const hashOf = await projectKeyHasher(world.store, world.project.name);
    const uses = 'select 1 from larder.remembered_uses where key_hash = $1';
    expect(await world.sql(uses, [hashOf('ad', 'ad-1')])).toEqual([]);
    expect(await world.sql(uses, [hashOf('ad', 'ad-2')])).not.toEqual([]);
  },
);

test(
  'workers that remember nothing leave nothing behind, and compute everything',
  { timeout: 300_000 },
  async ({ world }) => {
    await world.sql('truncate larder.remembered_contents, larder.remembered_values, larder.remembered_uses');
    await world.restart({ valueMemoryBytes: 0 });
    await world.ads(8, (at) => `${colourOf(at)}?off=${at}`, '2026-07-01');
    await world.backfill();
    expect(await world.remembered()).toEqual({ contents: 0, values: 0, uses: 0 });
  },
);
