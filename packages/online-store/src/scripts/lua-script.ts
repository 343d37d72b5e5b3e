import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

export interface LuaScript {
  readonly source: string;
  readonly sha1: string;
}

/** A script of this folder, read once when its module loads. */
export function luaScript(fileName: string): LuaScript {
  const source = readFileSync(new URL(fileName, import.meta.url), 'utf8');
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

/** Runs a script by its hash, and sends the source to a server that does not have it yet. Bulk replies are Buffers. */
export async function runScript(
  redis: Redis,
  script: LuaScript,
  args: readonly [keyCount: number, ...keysAndArgs: (string | number | Buffer)[]],
): Promise<unknown> {
  try {
    return await redis.callBuffer('EVALSHA', [script.sha1, ...args]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await redis.callBuffer('EVAL', [script.source, ...args]);
  }
}
