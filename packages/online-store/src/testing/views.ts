import { createHash } from 'node:crypto';
import type { RowOrder } from '@larder/core';
import type { FieldManifest } from '@larder/features';
import { compileRowCodec } from '../rows/row-codec.ts';
import type { OnlineRow } from '../writing/write-rows.ts';

/** A view with one float32, whose values tell rows apart. */
export const scoreView = {
  name: 'ad_score',
  version: 1,
  ttl_ms: 60_000,
  schema: [{ name: 'score', type: 'float32' }] satisfies FieldManifest[],
  schema_fingerprint: 0x5c04e001,
} as const;

export const scoreCodec = compileRowCodec(scoreView);

export function orderAt(
  eventTimestampMs: number,
  createdTimestampMs = eventTimestampMs,
  revision = 1,
): RowOrder {
  return { eventTimestampMs, createdTimestampMs, revision };
}

export function scoreRow(entityKey: string, order: RowOrder, overrides: Partial<OnlineRow> = {}): OnlineRow {
  const row = scoreCodec.encode(order, { score: order.revision });
  return { entity: 'ad', entityKey, viewRef: 'ad_score@1', ttlMs: 'forever', row, ...overrides };
}

export const testHasher = async () => (entity: string, entityKey: string) =>
  createHash('sha256').update(`${entity}\0${entityKey}`).digest();
