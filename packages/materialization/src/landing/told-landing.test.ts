import { systemClock } from '@larder/core';
import {
  readChanges,
  readFreshness,
  startSequencer,
  type FeedChange,
  projectKeyHasher,
} from '@larder/offline-store';
import { connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { startTestRedis } from '@larder/testing';
import { describe, expect, onTestFinished } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { pushRows, type PushDeps } from '../push/index.ts';

const row = (adId: string, event_timestamp: string, changed: Record<string, unknown> = {}) => ({
  ad_id: adId,
  user_id: 7,
  event_timestamp,
  clicks: 3,
  spent: 0.5,
  note: null,
  ...changed,
});

function push({ store, onlineStore, logger, project }: Shop, rows: object[], deps: Partial<PushDeps> = {}) {
  return pushRows(
    { offlineStore: store, onlineStore, logger, clock: systemClock, ...deps },
    { manifest: project.manifest, view: 'ad_user_stats', rows: rows as Record<string, unknown>[] },
  );
}

function sequence({ store, logger }: Shop): void {
  const sequencer = startSequencer({ store, logger, idleIntervalMs: 50 });
  onTestFinished(() => sequencer.close());
}

async function told({ store }: Shop, runId: string): Promise<FeedChange[]> {
  const { changes } = await readChanges(store, { project: 'shop', after: null, limit: 100 });
  return changes.filter((change) => change.kind === 'landed' && change.runId === runId);
}

async function freshness({ store }: Shop) {
  return (await readFreshness(store, 'shop')).find(({ view }) => view === 'ad_user_stats');
}

const chunk = async (shop: Shop, runId: string) =>
  (
    await shop.sql<{ landed_at: Date; online_at: Date | null }>(
      `select landed_at, online_at from larder.chunks where run_id = '${runId}'`,
    )
  )[0];

describe('a landing is recorded in the feed', () => {
  test('once per chunk, with its range of event times, and counts for freshness', async ({ shop }) => {
    sequence(shop);
    const { runId } = await push(shop, [
      row('told-1', '2026-03-02T00:00:00Z'),
      row('told-2', '2026-03-01T00:00:00Z'),
      row('told-1', '2026-03-03T00:00:00Z'),
    ]);
    await expect.poll(() => told(shop, runId)).toHaveLength(1);
    expect(await told(shop, runId)).toMatchObject([
      {
        kind: 'landed',
        view: 'ad_user_stats',
        version: 1,
        rows: 3,
        firstEventTimestampMs: Date.parse('2026-03-01T00:00:00Z'),
        lastEventTimestampMs: Date.parse('2026-03-03T00:00:00Z'),
      },
    ]);
    await expect
      .poll(() => freshness(shop))
      .toMatchObject({ rowsOnline: 2, newestOnlineAt: expect.any(Date) });
    await push(shop, [row('told-1', '2026-03-04T00:00:00Z'), row('told-3', '2026-03-04T00:00:00Z')]);
    await expect
      .poll(() => freshness(shop))
      .toMatchObject({ rowsOnline: 3, newestEventTimestamp: new Date('2026-03-04T00:00:00Z') });
  });

  test('not when nothing landed', async ({ shop }) => {
    sequence(shop);
    const refused = await push(shop, [row('refused', '2026-03-01T00:00:00Z', { clicks: 'many' })]);
    const later = await push(shop, [row('later', '2026-03-01T00:00:00Z')]);
    await expect.poll(() => told(shop, later.runId)).toHaveLength(1);
    expect(await told(shop, refused.runId)).toEqual([]);
  });

  test('before it is online; a chunk records when the online store confirmed it, even after a replay', async ({
    shop,
  }) => {
    sequence(shop);
    const online = await push(shop, [row('online', '2026-03-01T00:00:00Z')]);
    const confirmed = await chunk(shop, online.runId);
    expect(Number(confirmed?.online_at)).toBeGreaterThanOrEqual(Number(confirmed?.landed_at));

    const dead = await startTestRedis();
    const connection = connectRedis(dead.url, { role: 'worker', commandTimeoutMs: 200 });
    await waitForRedis(connection, 30_000);
    await dead.stop();
    const onlineStore = createOnlineStore({
      redis: connection,
      project: 'shop',
      keyHasher: () => projectKeyHasher(shop.store, 'shop'),
    });
    const { runId } = await push(shop, [row('delayed', '2026-03-01T00:00:00Z')], { onlineStore });
    connection.disconnect();
    await expect.poll(() => told(shop, runId)).toHaveLength(1);
    expect((await chunk(shop, runId))?.online_at).toBeNull();
    await shop.sql(`update larder.chunks set lease_expires_at = now() where state = 'landed_history'`);
    shop.materializer();
    await shop.ended(runId);
    expect((await chunk(shop, runId))?.online_at).toBeInstanceOf(Date);
  });
});
