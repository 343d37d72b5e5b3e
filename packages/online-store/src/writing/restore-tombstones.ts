import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { scanEntities } from '../keys/scan-entities.ts';
import { slotOfEntity, tombstoneCountKey, tombstonesKey } from '../keys/tombstones.ts';
import { luaScript, runScript } from '../scripts/lua-script.ts';
import type { WriteTarget } from './send-packed.ts';

const PUBLISH = luaScript('publish-tombstones.lua');
const STEP = luaScript('step-restoring.lua');
const SWEEP = luaScript('sweep-erased.lua');
const END = luaScript('end-restoring.lua');

/** A step takes milliseconds; when the process dies, another one starts over after this. */
const LEASE_MS = 30_000;
/** Scripts that are sent at once. */
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
 * copy of its data. Each script stays in one slot. A step follows what it stands for, and requires the step before, so a
 * failover or FLUSHALL meanwhile ends it.
 * @returns how many entities had come back; null: another process restores, or Redis lost data again, so try later
 */
export async function restoreTombstones(
  redis: Redis,
  { project, hashOf }: WriteTarget,
  { count, pages, signal }: RestoreTombstones,
): Promise<number | null> {
  const counts = tombstoneCountKey(project);
  const process = randomUUID();
  let last = '';
  let steps = 0;
  const step = async (added: number | ''): Promise<boolean> => {
    const next = `${process} ${steps++}`;
    const held = await askRedis(runScript(redis, STEP, [1, counts, last, next, LEASE_MS, added]));
    last = next;
    return held === 1;
  };
  if (!(await step(''))) return null;

  const withTombstones = new Set<number>();
  for await (const page of pages) {
    signal.throwIfAborted();
    const added = await ofEachSlot(page, (slot, tombstones) => {
      withTombstones.add(slot);
      const values = tombstones.flatMap(({ hash, erasedAtMs }) => [hash, erasedAtMs]);
      return runScript(redis, PUBLISH, [1, tombstonesKey(project, slot), ...values]);
    });
    if (!(await step(added))) return null;
  }

  let swept = 0;
  for await (const entities of scanEntities(redis, project, ENTITIES_PER_STEP)) {
    signal.throwIfAborted();
    const suspects = entities
      .map(({ name, key }) => ({ name, key, slot: slotOfEntity(name, key) }))
      .filter(({ slot }) => withTombstones.has(slot));
    swept += await ofEachSlot(suspects, (slot, found) => {
      const keys = found.map(({ name, key }) => redisKey(project, name, key));
      const hashes = found.map(({ name, key }) => hashOf(name, key));
      return runScript(redis, SWEEP, [keys.length + 1, tombstonesKey(project, slot), ...keys, ...hashes]);
    });
    if (!(await step(0))) return null;
  }
  return (await askRedis(runScript(redis, END, [1, counts, last, count]))) === 1 ? swept : null;
}

/** A script per slot, sent at once. @returns the sum of what they return */
async function ofEachSlot<Each extends { readonly slot: number }>(
  all: readonly Each[],
  run: (slot: number, those: readonly Each[]) => Promise<unknown>,
): Promise<number> {
  const bySlot = Map.groupBy(all, ({ slot }) => slot);
  const replies = await askRedis(Promise.all([...bySlot].map(([slot, those]) => run(slot, those))));
  return replies.reduce<number>((sum, reply) => sum + Number(reply), 0);
}
