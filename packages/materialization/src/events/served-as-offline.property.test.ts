import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { joinInPostgresql, type PointInTimeJoin } from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { readOnlineFeatures } from '@larder/serving';
import { startTestRedis } from '@larder/testing';
import fc from 'fast-check';
import { expect, onTestFinished } from 'vitest';
import { test, unique, type Shop } from '../../fixtures/shop.ts';
import { pushEvents } from './index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Few ids and times, so that arrivals often meet: redelivered, corrected, retracted, late. */
const event = fc.record({
  id: fc.constantFrom('e1', 'e2', 'é', 'e4', 'e5', 'e6'),
  agoMs: fc.constantFrom(
    -4 * MINUTE,
    -3_000,
    0,
    12_345,
    45_000,
    115_000,
    5 * MINUTE,
    55 * MINUTE,
    30 * HOUR,
    150 * HOUR,
  ),
  ad: fc.constantFrom('a', 'b'),
  kind: fc.constantFrom('impression', 'click', null),
  clicks: fc.constantFrom(0, 1, 3, null),
  bid: fc.option(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { freq: 4 }),
  visitor: fc.constantFrom('v1', 'v2', 'v3', null),
  retracted: fc.constantFrom(false, false, false, false, true),
});

const step = fc.record({
  afterMs: fc.constantFrom(0, 1, 4_000, 10_000, 31_000),
  batches: fc.array(fc.array(event, { minLength: 1, maxLength: 5 }), { maxLength: 2 }),
  /** The process that lands the first batch dies before it writes to the online store. */
  dies: fc.constantFrom(false, false, false, true),
});

interface Served {
  readonly adId: string;
  readonly atMs: number;
  readonly values: readonly unknown[];
}

test('what is served is what a training set has at that instant, of the events that were confirmed by then', async ({
  shop,
}) => {
  const dead = await deadOnlineStore();
  shop.materializer();
  const view = shop.view('ad_windows@1');
  const entity = shop.project.manifest.entities['ad'] as PointInTimeJoin['entity'];
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
      const run = unique();
      const startMs = Date.now();
      let nowMs = startMs;
      const clock = { nowMs: (): number => nowMs };
      const served: Served[] = [];
      const died: string[] = [];
      let sizes = 0;
      const push = async (
        batch: readonly (typeof event extends fc.Arbitrary<infer E> ? E : never)[],
        dies: boolean,
      ) => {
        const deps = {
          offlineStore: shop.store,
          onlineStore: dies ? dead : shop.onlineStore,
          clock,
          logger: shop.logger,
        };
        const events = batch.map(({ id, agoMs, ad, retracted, ...values }) => {
          sizes += Math.abs(values.bid ?? 0);
          const which = {
            event_id: `${run} ${id}`,
            event_timestamp: new Date(startMs - agoMs).toISOString(),
          };
          return retracted ? { ...which, retracted: true } : { ...which, ad_id: `${run}-${ad}`, ...values };
        });
        const { manifest } = shop.project;
        const { runId, rejected, online } = await pushEvents(deps, { manifest, source: 'ad_events', events });
        expect(rejected.filter(({ code }) => code !== 'EVENT_TIMESTAMP_IN_FUTURE')).toEqual([]);
        if (online) await confirmedAt(shop, runId, nowMs);
        else died.push(runId);
      };
      for (const { afterMs, batches, dies } of steps) {
        // what is confirmed at the very instant of a reading may or may not be in it
        nowMs += 1 + afterMs;
        if (died.length > 0 && batches.length !== 1)
          for (const runId of died.splice(0)) {
            await shop.sql(`update larder.chunks set lease_expires_at = now() where run_id = '${runId}'`);
            await shop.ended(runId);
            await confirmedAt(shop, runId, nowMs);
          }
        await Promise.all(batches.map((batch, at) => push(batch, dies && at === 0)));
        // other events of the same tile may have taken unconfirmed ones along
        if (died.length > 0) continue;
        const entities = ['a', 'b'].map((ad) => ({ ad_id: `${run}-${ad}` }));
        const { rows } = await readOnlineFeatures(
          { manifest: shop.project.manifest, onlineStore: shop.onlineStore, clock },
          { features: ['ad_windows'], entities },
        );
        for (const [at, { values, views }] of rows.entries()) {
          expect(views[0]?.status).toBe('PRESENT');
          served.push({ adId: entities[at]?.ad_id ?? '', atMs: nowMs, values });
        }
      }
      const join: PointInTimeJoin = {
        project: shop.project.manifest,
        entity,
        views: [{ view, features: view.schema, ttlMs: 'forever' }],
        cutOff: 'online',
        landedBefore: new Date(Date.now() + HOUR),
      };
      const spine = served.map(({ adId, atMs }, row) => `${row},${atMs}000,${adId}\n`);
      const joined = (await text(joinInPostgresql(shop.store, join, Readable.from(spine)))).split('\n');
      for (const line of joined.filter((each) => each !== '')) {
        const [row, status, , , , ...values] = line.split(',');
        expect(status).toBe('1');
        const online = served[Number(row)]?.values ?? [];
        for (const [at, { name }] of view.schema.entries()) {
          const offline = values[at] === '' ? null : Number(values[at]);
          const isExact = !name.startsWith('bid');
          if (isExact || offline === null || online[at] === null)
            expect({ row, name, value: online[at] }).toEqual({ row, name, value: offline });
          else expect(Math.abs((online[at] as number) - offline)).toBeLessThanOrEqual(1e-9 * sizes);
          if (offline !== null && offline !== 0) compared++;
        }
      }
    }),
    { numRuns: 25 },
  );
  expect(compared).toBeGreaterThan(500);
});

/** Lets the chunk of a run count as confirmed at the test's time. */
async function confirmedAt(shop: Shop, runId: string, nowMs: number): Promise<void> {
  await shop.store.pool.query('update larder.chunks set online_at = $2 where run_id = $1', [
    runId,
    new Date(nowMs),
  ]);
}

async function deadOnlineStore() {
  const redis = await startTestRedis();
  const connection = connectRedis(redis.url, { role: 'worker', commandTimeoutMs: 200 });
  await waitForRedis(connection, 30_000);
  await redis.stop();
  onTestFinished(() => connection.disconnect());
  return createOnlineStore({
    redis: connection,
    project: 'shop',
    keyHasher: () => Promise.reject(new Error('It is not asked.')),
  });
}
