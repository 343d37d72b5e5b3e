import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { slotOfEntity, tombstoneCountKey, tombstonesKey } from '../keys/tombstones.ts';
import { luaScript, runScript } from '../scripts/lua-script.ts';
import type { WriteTarget } from './send-packed.ts';

const PUBLISH = luaScript('publish-tombstones.lua');
const SWEEP = luaScript('sweep-erased.lua');
const END = luaScript('end-restoring.lua');

/** A step takes milliseconds; when the process dies, another one starts over after this. */
const LEASE_MS = 30_000;
const SCAN_KEYS = 1_000;
/** A step blocks Redis. */
const ENTITIES_PER_STEP = 500;

export interface Tombstone {
  readonly hash: Buffer;
  readonly slot: number;
  readonly erasedAtMs: number;
}

export interface TombstonesHeld {
  readonly count: number;
  /** Tombstones were restored, and rows of their entities may still be there. */
  readonly unswept: boolean;
}

/** One round trip. */
export async function tombstonesHeld(redis: Redis, project: string): Promise<TombstonesHeld> {
  const [count, unswept] = await askRedis(redis.hmget(tombstoneCountKey(project), 'count', 'unswept'));
  return { count: Number(count ?? 0), unswept: unswept !== null && unswept !== undefined };
}

export interface RestoreTombstones {
  /** How many there were before the first page was read. */
  readonly count: number;
  readonly pages: AsyncIterable<readonly Tombstone[]>;
  readonly signal: AbortSignal;
}

/**
 * Gives a Redis that lost tombstones all of them again, then deletes rows of erased entities that came back with an old
 * copy of its data. Each step requires the result of the one before, so a failover or FLUSHALL meanwhile ends it.
 * @returns how many entities had come back; null: another process restores, or Redis lost data again, so try later
 */
export async function restoreTombstones(
  redis: Redis,
  { project, hashOf }: WriteTarget,
  { count, pages, signal }: RestoreTombstones,
): Promise<number | null> {
  const lease = `${tombstoneCountKey(project)}:lease`;
  const process = randomUUID();
  let step = 0;
  const taken = await askRedis(redis.set(lease, `${process} 0`, 'PX', LEASE_MS, 'NX'));
  if (taken === null) return null;
  const next = () => [`${process} ${step++}`, `${process} ${step}`, LEASE_MS] as const;

  const withTombstones = new Set<number>();
  for await (const page of pages) {
    signal.throwIfAborted();
    const keys = page.map(({ slot }) => tombstonesKey(project, slot));
    const values = page.flatMap(({ hash, erasedAtMs }) => [hash, erasedAtMs]);
    const args = [lease, tombstoneCountKey(project), ...keys, ...next(), ...values];
    if (Number(await askRedis(runScript(redis, PUBLISH, [keys.length + 2, ...args]))) === 0) return null;
    for (const { slot } of page) withTombstones.add(slot);
  }

  let swept = 0;
  for await (const entities of scanEntities(redis, project)) {
    signal.throwIfAborted();
    const suspects = entities.filter(({ slot }) => withTombstones.has(slot));
    const keys = suspects.flatMap(({ name, key, slot }) => [
      redisKey(project, name, key),
      tombstonesKey(project, slot),
    ]);
    const hashes = suspects.map(({ name, key }) => hashOf(name, key));
    const args = [lease, ...keys, ...next(), ...hashes];
    const found = Number(await askRedis(runScript(redis, SWEEP, [keys.length + 1, ...args])));
    if (found < 0) return null;
    swept += found;
  }
  const args = [lease, tombstoneCountKey(project), `${process} ${step}`, count];
  return Number(await askRedis(runScript(redis, END, [2, ...args]))) === 1 ? swept : null;
}

interface EntityInSlot {
  readonly name: string;
  readonly key: string;
  readonly slot: number;
}

/** Every entity of the project that has rows, in pages that may be empty; never blocks Redis. */
async function* scanEntities(redis: Redis, project: string): AsyncGenerator<readonly EntityInSlot[]> {
  const ofEntity = new RegExp(`^larder:${project}:\\{([a-z0-9_]+):(.*)\\}$`, 's');
  let cursor = '0';
  do {
    const [next, keys] = await askRedis(
      redis.scan(cursor, 'MATCH', `larder:${project}:{*:*}`, 'COUNT', SCAN_KEYS),
    );
    cursor = next;
    const entities = keys.flatMap((redisName) => {
      const [, name, key] = ofEntity.exec(redisName) ?? [];
      if (name === undefined || key === undefined) return [];
      return [{ name, key, slot: slotOfEntity(name, key) }];
    });
    for (let start = 0; start === 0 || start < entities.length; start += ENTITIES_PER_STEP)
      yield entities.slice(start, start + ENTITIES_PER_STEP);
  } while (cursor !== '0');
}
