/* Runs for every answer of a request with a key: two texts where the key has a rate. */
import type { IncomingMessage } from 'node:http';
import type { Gcra, KnownKey } from '@larder/access';
import { callerKey } from './caller.ts';

const NONE: readonly string[] = [];
/** Callers learn this long ahead that their key expires. */
const EXPIRES_SOON_MS = 14 * 86_400_000;

/**
 * Names and values in turn: what is left of the key's rate (draft-ietf-httpapi-ratelimit-headers) in this process, and
 * when the key expires, if soon.
 */
export function keyHeaders(request: IncomingMessage): readonly string[] {
  const key = callerKey(request);
  if (key === undefined) return NONE;
  const ofRate = key.limit === null ? NONE : rateHeaders(key, key.limit);
  // The guard has just set when it was used; the clock needs no second look.
  if (key.expiresAtMs - key.usedAtMs >= EXPIRES_SOON_MS) return ofRate;
  return [...ofRate, 'x-key-expires', new Date(key.expiresAtMs).toISOString()];
}

function rateHeaders({ ratePolicy }: KnownKey, limit: Gcra): readonly string[] {
  const nowMs = performance.now();
  const resetSeconds = Math.ceil(limit.resetMs(nowMs) / 1_000);
  return ['ratelimit-policy', ratePolicy, 'ratelimit', `"key";r=${limit.remaining(nowMs)};t=${resetSeconds}`];
}
