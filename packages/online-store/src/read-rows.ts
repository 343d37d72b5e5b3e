/*
 * Budget: one round trip, and for one entity one HMGET (about 15 µs of this process). Keys are strings put together
 * here and nowhere else; nothing may parse a row on this path.
 */
import { type FeatureViewManifest, viewRef } from '@larder/features';
import type { Redis } from 'ioredis';
import { askRedis } from './redis-errors.ts';
import { redisKeyPrefix } from './redis-keys.ts';
import { luaScript, runScript } from './scripts/lua-script.ts';

const SCRIPT = luaScript('read-rows.lua');

/** Up to here pipelined HMGETs cost less than the script; measured in docs/adr/0001-online-row-encoding.md. */
const MAX_PIPELINED_KEYS = 4;

/** Keys per script call: Redis answers nobody else meanwhile. */
const KEYS_PER_CALL = 500;

export interface ReadGroup {
  readonly entity: string;
  readonly views: readonly Pick<FeatureViewManifest, 'name' | 'version'>[];
}

/** What to read of which entities, compiled once per model version. */
export interface ReadPlan {
  readonly groups: readonly { readonly keyPrefix: string; readonly fields: readonly string[] }[];
}

export type RowOrNull = Buffer | null;

export function compileRead(project: string, groups: readonly ReadGroup[]): ReadPlan {
  return {
    groups: groups.map(({ entity, views }) => ({
      keyPrefix: redisKeyPrefix(project, entity),
      fields: views.map(viewRef),
    })),
  };
}

/** Rows per group, flat: keys × views. One round trip. @throws ONLINE_STORE_UNAVAILABLE */
export async function readRows(
  redis: Redis,
  plan: ReadPlan,
  keysByGroup: readonly (readonly string[])[],
): Promise<RowOrNull[][]> {
  const keyCount = keysByGroup.reduce((sum, keys) => sum + keys.length, 0);
  const replies = await askRedis(
    keyCount <= MAX_PIPELINED_KEYS
      ? readOneByOne(redis, plan, keysByGroup)
      : readByScript(redis, plan, keysByGroup),
  );
  let at = 0;
  return keysByGroup.map((keys) => {
    const rows =
      keys.length === 1 ? (replies[at] as RowOrNull[]) : replies.slice(at, at + keys.length).flat();
    at += keys.length;
    return rows;
  });
}

function readOneByOne(
  redis: Redis,
  plan: ReadPlan,
  keysByGroup: readonly (readonly string[])[],
): Promise<RowOrNull[][]> {
  // written in one tick to one socket: a round trip together
  return Promise.all(
    keysByGroup.flatMap((keys, group) => {
      const { keyPrefix, fields } = plan.groups[group] as ReadPlan['groups'][number];
      return keys.map((key) => redis.hmgetBuffer(`${keyPrefix}${key}}`, ...fields));
    }),
  );
}

async function readByScript(
  redis: Redis,
  plan: ReadPlan,
  keysByGroup: readonly (readonly string[])[],
): Promise<RowOrNull[][]> {
  const calls: Promise<unknown>[] = [];
  let keys: string[] = [];
  let args: (string | number)[] = [];
  const call = () => {
    calls.push(runScript(redis, SCRIPT, [keys.length, ...keys, ...args]));
    keys = [];
    args = [];
  };
  for (const [group, wanted] of keysByGroup.entries()) {
    const { keyPrefix, fields } = plan.groups[group] as ReadPlan['groups'][number];
    for (let start = 0; start < wanted.length;) {
      const end = Math.min(wanted.length, start + KEYS_PER_CALL - keys.length);
      for (let i = start; i < end; i++) keys.push(`${keyPrefix}${wanted[i]}}`);
      args.push(end - start, fields.length, ...fields);
      start = end;
      if (keys.length === KEYS_PER_CALL) call();
    }
  }
  if (keys.length > 0) call();
  return (await Promise.all(calls)).flat() as RowOrNull[][];
}
