/* Runs for every answer of a request with a key: two texts where the key has a rate. */
import type { IncomingMessage } from 'node:http';
import type { KnownKey } from '@larder/access';
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
  const expiresSoon = key.expiresAtMs !== Infinity && key.expiresAtMs - Date.now() < EXPIRES_SOON_MS;
  if (key.limit === null && !expiresSoon) return NONE;
  return [
    ...rateHeaders(key),
    ...(expiresSoon ? ['x-key-expires', new Date(key.expiresAtMs).toISOString()] : NONE),
  ];
}

function rateHeaders({ rate, limit }: KnownKey): readonly string[] {
  if (rate === null || limit === null) return NONE;
  const nowMs = performance.now();
  return [
    'ratelimit-policy',
    `"key";q=${rate.requests};w=${rate.windowSeconds}`,
    'ratelimit',
    `"key";r=${limit.remaining(nowMs)};t=${Math.ceil(limit.resetMs(nowMs) / 1_000)}`,
  ];
}
