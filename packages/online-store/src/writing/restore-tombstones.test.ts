import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { startTestRedis } from '@larder/testing';
import { expect, onTestFinished, test } from 'vitest';
import { connectRedis } from '../connection/connect-redis.ts';
import { slotOfEntity, tombstonesKey } from '../keys/tombstones.ts';
import { createOnlineStore } from '../online-store.ts';
import { testHasher, orderAt, scoreRow } from '../testing/views.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A Cluster of one node, which refuses a command over several slots. */
async function startCluster() {
  const node = await startTestRedis({ 'cluster-enabled': 'yes', 'cluster-port': String(await freePort()) });
  onTestFinished(() => node.stop());
  const redis = connectRedis(node.url, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  await redis.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await expect.poll(() => redis.call('CLUSTER', 'INFO'), { timeout: 60_000 }).toMatch(/cluster_state:ok/);
  return redis;
}

test('restoring tombstones of many slots touches one slot at a time', async () => {
  const redis = await startCluster();
  const store = createOnlineStore({ redis, project: 'ads', keyHasher: testHasher });
  const hashOf = await testHasher();
  const keys = Array.from({ length: 20 }, (_, i) => `ad-${i}`);
  for (const key of keys) await store.write([scoreRow(key, orderAt(1))]);
  const erased = keys.slice(0, 12);
  const tombstones = erased.map((key) => ({
    hash: hashOf('ad', key),
    slot: slotOfEntity('ad', key),
    erasedAtMs: 1_000,
  }));
  async function* pages() {
    yield tombstones.slice(0, 7);
    yield tombstones.slice(7);
  }
  const all = { count: 12, pages: pages(), signal: new AbortController().signal };
  expect(await store.restoreTombstones(all)).toBe(12);
  expect(await store.tombstonesHeld()).toEqual({ count: 12, unswept: false });
  for (const key of erased) expect(await store.write([scoreRow(key, orderAt(2))])).toEqual(['erased']);
  for (const key of keys.slice(12))
    expect(await store.write([scoreRow(key, orderAt(2))])).toEqual(['replaced']);
  const [first] = erased as [string];
  expect(await redis.hget(tombstonesKey('ads', slotOfEntity('ad', first)), hashOf('ad', first))).toBe('1000');
});

test('a key is not allowed again while its tombstone may be read already and is not published yet', async () => {
  const server = await startTestRedis();
  onTestFinished(() => server.stop());
  const redis = connectRedis(server.url, { role: 'worker' });
  onTestFinished(() => redis.disconnect());
  const store = createOnlineStore({ redis, project: 'ads', keyHasher: testHasher });
  const hash = (await testHasher())('ad', 'ad-1');
  const signal = new AbortController().signal;
  let during: unknown = null;
  async function* pages() {
    during = await store.allow('ad', 'ad-1').catch((error: unknown) => error);
    yield [{ hash, slot: slotOfEntity('ad', 'ad-1'), erasedAtMs: 1_000 }];
  }
  expect(await store.restoreTombstones({ count: 1, pages: pages(), signal })).not.toBeNull();
  expect(during).toMatchObject({ code: 'ERASURE_UNFINISHED' });
  await store.allow('ad', 'ad-1');
  await store.allow('ad', 'ad-1');
  expect(await store.write([scoreRow('ad-1', orderAt(2))])).toEqual(['created']);
  expect((await store.tombstonesHeld()).count).toBe(0);
});
