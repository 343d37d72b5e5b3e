import type { Redis } from 'ioredis';
import { redisKey } from '../keys/redis-keys.ts';
import { slotOfEntity, type KeyHasher, type TombstoneSlots } from '../keys/tombstones.ts';
import { askRedis } from '../connection/ask-redis.ts';
import { luaScript, runScript } from '../scripts/lua-script.ts';

const SCRIPT = luaScript('write-rows.lua');

/** A call blocks Redis: 0.2 ms for 50 rows of ten floats, 0.6 ms with a vector of 512. */
const ROWS_PER_CALL = 50;

export interface OnlineRow {
  readonly entity: string;
  /** From `entityKey`. */
  readonly entityKey: string;
  readonly viewRef: string;
  readonly ttlMs: number | 'forever';
  /** From `RowCodec.encode`. */
  readonly row: Buffer;
}

/**
 * `created`: the entity had no row of this view. `replaced`: it had an older one or the same. `stale`: the stored row is
 * newer. `erased`: the entity was erased and takes no rows.
 */
export type WriteOutcome = 'created' | 'replaced' | 'stale' | 'erased';

const OUTCOMES: Readonly<Record<string, WriteOutcome>> = {
  '2': 'created',
  '1': 'replaced',
  '0': 'stale',
  x: 'erased',
};
const UNKNOWN = '?';

export interface WriteTarget {
  readonly project: string;
  readonly hashOf: KeyHasher;
  readonly tombstones: TombstoneSlots;
}

/**
 * Writes rows in one round trip, or two when the first finds tombstones in slots where none were known; the newest wins
 * per entity and view. Outcomes in the order given. Safe to repeat.
 */
export async function writeRows(
  redis: Redis,
  target: WriteTarget,
  rows: readonly OnlineRow[],
): Promise<WriteOutcome[]> {
  const { tombstones } = target;
  const slots = rows.map(({ entity, entityKey }) => slotOfEntity(entity, entityKey));
  const outcomes = await send(redis, target, { rows, slots });
  const unknown = outcomes.flatMap((outcome, at) => (outcome === UNKNOWN ? [at] : []));
  if (unknown.length > 0) {
    for (const at of unknown) tombstones.found.add(slots[at] as number);
    const again = await send(redis, target, {
      rows: unknown.map((at) => rows[at] as OnlineRow),
      slots: unknown.map((at) => slots[at] as number),
    });
    for (const [i, at] of unknown.entries()) outcomes[at] = again[i] as string;
  }
  return outcomes.map((outcome) => OUTCOMES[outcome] as WriteOutcome);
}

interface RowsInSlots {
  readonly rows: readonly OnlineRow[];
  readonly slots: readonly number[];
}

/** One character per row. */
async function send(redis: Redis, target: WriteTarget, { rows, slots }: RowsInSlots): Promise<string[]> {
  const calls: Promise<unknown>[] = [];
  for (let start = 0, end = 0; start < rows.length; start = end) {
    end = endOfCall(rows, start);
    const call = { rows: rows.slice(start, end), slots: slots.slice(start, end) };
    calls.push(runScript(redis, SCRIPT, argsOf(target, call)));
  }
  const replies = await askRedis(Promise.all(calls));
  return Array.from(replies.map(String).join(''));
}

/** A call takes rows of one view with one TTL: named once, they cost Redis and this process half of the arguments. */
function endOfCall(rows: readonly OnlineRow[], start: number): number {
  const first = rows[start] as OnlineRow;
  let end = start + 1;
  while (end < rows.length && end < start + ROWS_PER_CALL) {
    const { viewRef, ttlMs } = rows[end] as OnlineRow;
    if (viewRef !== first.viewRef || ttlMs !== first.ttlMs) break;
    end++;
  }
  return end;
}

function argsOf(
  { project, hashOf, tombstones }: WriteTarget,
  { rows, slots }: RowsInSlots,
): [number, ...(string | number | Buffer)[]] {
  const { viewRef, ttlMs } = rows[0] as OnlineRow;
  const args: [number, ...(string | number | Buffer)[]] = [2 * rows.length];
  for (const { entity, entityKey } of rows) args.push(redisKey(project, entity, entityKey));
  for (const slot of slots) args.push(tombstones.keyOf(slot));
  args.push(viewRef, ttlMs);
  for (const { row } of rows) args.push(row);
  if (slots.some((slot) => tombstones.found.has(slot)))
    for (const [i, { entity, entityKey }] of rows.entries())
      args.push(tombstones.found.has(slots[i] as number) ? hashOf(entity, entityKey) : '');
  return args;
}
