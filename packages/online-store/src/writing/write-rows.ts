import type { Redis } from 'ioredis';
import { luaScript } from '../scripts/lua-script.ts';
import {
  sendPacked,
  type PackedRow,
  type PackedWrite,
  type WriteOutcome,
  type WriteTarget,
} from './send-packed.ts';

export interface OnlineRow extends PackedRow {
  readonly viewRef: string;
  readonly ttlMs: number | 'forever';
}

const WRITE: PackedWrite<OnlineRow> = {
  script: luaScript('write-rows.lua'),
  // 0.2 ms for 50 rows of ten floats, 0.6 ms with a vector of 512
  rowsPerCall: 50,
  // view and TTL, named once, cost Redis and this process half of the arguments
  argsOf: ({ viewRef, ttlMs }) => [viewRef, ttlMs],
  fits: (first, { viewRef, ttlMs }) => viewRef === first.viewRef && ttlMs === first.ttlMs,
};

/**
 * Writes rows from `RowCodec.encode`; the newest wins per entity and view. Outcomes in the order given. Safe to repeat.
 */
export async function writeRows(
  redis: Redis,
  target: WriteTarget,
  rows: readonly OnlineRow[],
): Promise<WriteOutcome[]> {
  return sendPacked(redis, target, { rows, write: WRITE });
}
