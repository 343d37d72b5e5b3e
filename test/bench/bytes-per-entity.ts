import { keyHasher } from '@larder/offline-store';
import {
  type OnlineRow,
  compileRowCodec,
  connectRedis,
  createOnlineStore,
  waitForRedis,
} from '@larder/online-store';
import { startPrivateRedis } from './private-redis.ts';
import type { Bench, BenchRow } from './row.ts';

const ENTITIES = 500;
const VIEWS = 25;
const FEATURES_PER_VIEW = 10;

const CASES = [
  { name: 'bytes-per-entity', setting: '512', targetBytes: 2_200 },
  { name: 'bytes-per-entity-default', setting: '64', targetBytes: 2_200 },
] as const;

const bench: Bench = {
  name: 'bytes-per-entity',
  what: `MEMORY USAGE of an entity with ${VIEWS * FEATURES_PER_VIEW} float32 features in ${VIEWS} views, mean of ${ENTITIES}`,
  async run(progress) {
    const server = await startPrivateRedis();
    const redis = connectRedis(server.url, { role: 'tool' });
    try {
      await waitForRedis(redis, 30_000);
      const store = createOnlineStore({
        redis,
        project: 'ads',
        keyHasher: async () => keyHasher(Buffer.alloc(32)),
      });
      const rows: BenchRow[] = [];
      for (const { name, setting, targetBytes } of CASES) {
        await redis.flushall();
        await redis.config('SET', 'hash-max-listpack-value', setting);
        await store.write(entities());
        const { keys } = await store.keys('ad', { cursor: null, limit: ENTITIES });
        let sumBytes = 0;
        for (const key of keys) sumBytes += (await store.inspect('ad', key))?.memoryBytes ?? 0;
        const value = sumBytes / keys.length;
        progress(`hash-max-listpack-value ${setting}: ${value.toFixed(0)} bytes, ${keys.length} entities`);
        const target = `≤ ${targetBytes.toLocaleString('en-US')} bytes with hash-max-listpack-value ${setting}`;
        rows.push({ name, value, unit: 'bytes', floor: null, ratio: null, target, ok: value <= targetBytes });
      }
      return rows;
    } finally {
      redis.disconnect();
      await server.stop();
    }
  },
};

export default bench;

function entities(): OnlineRow[] {
  const schema = Array.from(
    { length: FEATURES_PER_VIEW },
    (_, i) => ({ name: `f_${i}`, type: 'float32' }) as const,
  );
  const codecs = Array.from({ length: VIEWS }, (_, i) =>
    compileRowCodec({ schema, schema_fingerprint: 1_000_003 * i }),
  );
  const order = { eventTimestampMs: 1_790_000_000_000, createdTimestampMs: 1_790_000_100_000, revision: 12 };
  const rows: OnlineRow[] = [];
  for (let entity = 0; entity < ENTITIES; entity++)
    for (const [view, codec] of codecs.entries()) {
      const values = Object.fromEntries(
        schema.map(({ name }, i) => [name, Math.sin(entity + 31 * view + 7 * i)]),
      );
      const row = codec.encode(order, values);
      rows.push({
        entity: 'ad',
        entityKey: `ad-${100_000 + entity}`,
        viewRef: `ad_view_${view}@1`,
        ttlMs: 'forever',
        row,
      });
    }
  return rows;
}
