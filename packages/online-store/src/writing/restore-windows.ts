import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { serverId } from '../connection/server-id.ts';
import { luaScript, runScript } from '../scripts/lua-script.ts';

const LEASE = luaScript('lease-windows.lua');

/** A page takes milliseconds; when the process dies, another one starts over after this. */
const LEASE_MS = 30_000;

/** Of one project; names contain no colon. */
const windowsKey = (project: string): string => `larder:${project}:windows`;

/**
 * Whether this server has had the windows of all entities since it started. One that restarted or took over as a replica
 * may lack the last of them. One round trip.
 */
export async function windowsHeld(redis: Redis, project: string): Promise<boolean> {
  const [held, server] = await Promise.all([askRedis(redis.get(windowsKey(project))), serverId(redis)]);
  return held === server;
}

export interface RestoreWindows {
  /** Each step writes the windows of some entities and returns their number. */
  readonly pages: AsyncIterable<number>;
  readonly signal: AbortSignal;
}

/** @returns the number of entities; null: another process does it, or Redis lost data meanwhile, so try later */
export async function restoreWindows(
  redis: Redis,
  project: string,
  { pages, signal }: RestoreWindows,
): Promise<number | null> {
  const server = await serverId(redis);
  const lease = `lease ${randomUUID()}`;
  const step = async (expected: string, next: string, ms: number | ''): Promise<boolean> =>
    (await askRedis(runScript(redis, LEASE, [1, windowsKey(project), expected, next, ms]))) === 1;
  if (!(await step('', lease, LEASE_MS))) return null;
  let entities = 0;
  for await (const written of pages) {
    entities += written;
    if (signal.aborted || !(await step(lease, lease, LEASE_MS))) return null;
  }
  return (await step(lease, server, '')) ? entities : null;
}
