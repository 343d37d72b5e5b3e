import type { Redis } from 'ioredis';
import { askRedis } from '../connection/ask-redis.ts';
import { redisKey } from '../keys/redis-keys.ts';
import { slotOfEntity, type KeyHasher, type TombstoneSlots } from '../keys/tombstones.ts';
import { type LuaScript, runScript } from '../scripts/lua-script.ts';

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

export interface PackedRow {
  readonly entity: string;
  /** From `entityKey`. */
  readonly entityKey: string;
  readonly row: Buffer;
}

/** A script that writes packed rows, and how its calls are made. */
export interface PackedWrite<R extends PackedRow> {
  readonly script: LuaScript;
  /** A call blocks Redis. */
  readonly rowsPerCall: number;
  /** What the script is told before the rows; the same for all rows of a call. */
  readonly argsOf: (first: R) => readonly (string | number)[];
  /** True when a row can be in the call that starts with `first`. */
  readonly fits: (first: R, row: R) => boolean;
}

/**
 * Writes rows in one round trip, or two when the first finds tombstones in slots where none were known. Outcomes in the order
 * given.
 */
export async function sendPacked<R extends PackedRow>(
  redis: Redis,
  target: WriteTarget,
  { rows, write }: { readonly rows: readonly R[]; readonly write: PackedWrite<R> },
): Promise<WriteOutcome[]> {
  const { tombstones } = target;
  const slots = rows.map(({ entity, entityKey }) => slotOfEntity(entity, entityKey));
  const outcomes = await send(redis, target, { rows, slots, write });
  const unknown = outcomes.flatMap((outcome, at) => (outcome === UNKNOWN ? [at] : []));
  if (unknown.length > 0) {
    for (const at of unknown) tombstones.found.add(slots[at] as number);
    const again = await send(redis, target, {
      rows: unknown.map((at) => rows[at] as R),
      slots: unknown.map((at) => slots[at] as number),
      write,
    });
    for (const [i, at] of unknown.entries()) outcomes[at] = again[i] as string;
  }
  return outcomes.map((outcome) => OUTCOMES[outcome] as WriteOutcome);
}

interface RowsInSlots<R extends PackedRow> {
  readonly rows: readonly R[];
  readonly slots: readonly number[];
  readonly write: PackedWrite<R>;
}

/** One character per row. */
async function send<R extends PackedRow>(
  redis: Redis,
  target: WriteTarget,
  { rows, slots, write }: RowsInSlots<R>,
): Promise<string[]> {
  const calls: Promise<unknown>[] = [];
  for (let start = 0, end = 0; start < rows.length; start = end) {
    end = endOfCall(rows, start, write);
    const call = { rows: rows.slice(start, end), slots: slots.slice(start, end), write };
    calls.push(runScript(redis, write.script, argsOf(target, call)));
  }
  const replies = await askRedis(Promise.all(calls));
  return Array.from(replies.map(String).join(''));
}

function endOfCall<R extends PackedRow>(
  rows: readonly R[],
  start: number,
  { rowsPerCall, fits }: PackedWrite<R>,
): number {
  const first = rows[start] as R;
  let end = start + 1;
  while (end < rows.length && end < start + rowsPerCall && fits(first, rows[end] as R)) end++;
  return end;
}

function argsOf<R extends PackedRow>(
  { project, hashOf, tombstones }: WriteTarget,
  { rows, slots, write }: RowsInSlots<R>,
): [number, ...(string | number | Buffer)[]] {
  const args: [number, ...(string | number | Buffer)[]] = [2 * rows.length];
  for (const { entity, entityKey } of rows) args.push(redisKey(project, entity, entityKey));
  for (const slot of slots) args.push(tombstones.keyOf(slot));
  args.push(...write.argsOf(rows[0] as R));
  for (const { row } of rows) args.push(row);
  if (slots.some((slot) => tombstones.found.has(slot)))
    for (const [i, { entity, entityKey }] of rows.entries())
      args.push(tombstones.found.has(slots[i] as number) ? hashOf(entity, entityKey) : '');
  return args;
}
