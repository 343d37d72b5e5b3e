import calculateSlot from 'cluster-key-slot';
import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import type { Tombstone } from '../writing/restore-tombstones.ts';

const SCAN_KEYS = 1_000;

/** Every tombstone that this Redis has, in pages; one may come twice (Redis SCAN). */
export async function* readOnlineTombstones(
  redis: Redis,
  project: string,
): AsyncGenerator<readonly Tombstone[]> {
  const prefix = `larder:${project}:erased:{`;
  let cursor = '0';
  do {
    const [next, keys] = await askRedis(redis.scan(cursor, 'MATCH', `${prefix}*}`, 'COUNT', SCAN_KEYS));
    cursor = next;
    for (const key of keys) {
      const slot = calculateSlot(Buffer.from(key.slice(prefix.length, -1)));
      // The names of the fields are bytes.
      const reply = (await askRedis(redis.callBuffer('HGETALL', key))) as
        | readonly Buffer[]
        | Map<Buffer, Buffer>;
      const pairs = reply instanceof Map ? [...reply].flat() : reply;
      yield Array.from({ length: pairs.length / 2 }, (_, at) => ({
        hash: pairs[2 * at] as Buffer,
        slot,
        erasedAtMs: Number(pairs[2 * at + 1]),
      }));
    }
  } while (cursor !== '0');
}
