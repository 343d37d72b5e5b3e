import { systemClock, type Clock, type ErrorCode, type RowOrder } from '@larder/core';
import type { EntityManifest, FeatureViewManifest, FieldValue, SourceRow } from '@larder/features';
import { checkEventTimes, type EventTimes } from '@larder/offline-store';
import type { LandedFailure } from '../runs/index.ts';
import { entityKey } from '@larder/online-store';
import { compileInputHash, type InputHash } from './input-hash.ts';
import { keyText } from './key-text.ts';
import { checkFeatureValue } from './feature-value.ts';

/** A source row with a valid key and valid times: only its features remain to be computed. */
export interface PreparedRow extends Omit<RowOrder, 'revision'> {
  readonly source: SourceRow;
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly keyTexts: readonly string[];
  readonly entityKey: string;
  readonly inputHash: bigint;
}

export interface PreparedRows {
  /** In input order; of rows with the same key, event and created timestamp only the last. */
  readonly rows: readonly PreparedRow[];
  readonly failures: readonly LandedFailure[];
  readonly duplicates: number;
}

/** Columns of a row's times; null: the created timestamp is derived from the event timestamp. */
interface TimestampColumns {
  readonly event_timestamp_column: string;
  readonly created_timestamp_column: string | null;
}

export interface PrepareOptions {
  readonly view: Pick<FeatureViewManifest, 'available_after_ms'> & { readonly source: TimestampColumns };
  readonly entity: EntityManifest;
  /** Columns that are not part of the input hash, beside keys and times. @default none */
  readonly accessColumns?: readonly string[];
  readonly times: EventTimes;
  readonly clock?: Clock;
}

/** Range that both stores can hold: from the year 1, and milliseconds below 2^47. */
const MIN_TIMESTAMP_MS = Date.parse('0001-01-01T00:00:00Z');
const END_TIMESTAMP_MS = 2 ** 47;
/** Limit of history's index on the bytes of all keys. */
const MAX_KEY_BYTES = 1_000;
/** Bytes per UTF-16 unit, at most. */
const MAX_UTF8_BYTES = 3;

/** Reads keys and times, refuses rows that cannot land, and drops duplicates. A bad row never fails another one. */
export function prepareRows(sourceRows: readonly SourceRow[], options: PrepareOptions): PreparedRows {
  const failures: LandedFailure[] = [];
  const read: PreparedRow[] = [];
  const { source } = options.view;
  const ignored = new Set([
    ...options.entity.join_keys.map((joinKey) => joinKey.name),
    source.event_timestamp_column,
    ...(source.created_timestamp_column === null ? [] : [source.created_timestamp_column]),
    ...(options.accessColumns ?? []),
  ]);
  const inputHash = compileInputHash(ignored);
  for (const sourceRow of sourceRows) {
    const row = prepareRow(sourceRow, options, inputHash);
    if ('code' in row) failures.push(row);
    else read.push(row);
  }
  const nowMs = (options.clock ?? systemClock).nowMs();
  const { accepted, refused: outside } = checkEventTimes(read, options.times, nowMs);
  for (const { row, error } of outside) failures.push(rowFailure(row, error.code, error.message));
  const last = new Map<string, PreparedRow>();
  for (const row of accepted)
    last.set(`${row.eventTimestampMs} ${row.createdTimestampMs} ${row.entityKey}`, row);
  return { rows: [...last.values()], failures, duplicates: accepted.length - last.size };
}

export function rowFailure(row: PreparedRow, code: string, reason: string, retryable = false): LandedFailure {
  const { entityKey: key, keyTexts: keys, eventTimestampMs } = row;
  return { entityKey: key, keys, eventTimestampMs, code, reason, retryable };
}

function prepareRow(
  source: SourceRow,
  { view, entity }: PrepareOptions,
  inputHash: InputHash,
): PreparedRow | LandedFailure {
  const keys: Record<string, FieldValue> = {};
  const keyTexts: string[] = [];
  let units = 0;
  for (const joinKey of entity.join_keys) {
    const checked = checkFeatureValue(joinKey, source[joinKey.name] ?? joinKey.constant);
    if (!checked.ok) return refused('ENTITY_KEY_INVALID', `The join key ${checked.detail}.`);
    keys[joinKey.name] = checked.value;
    const text = keyText(checked.value);
    units += text.length;
    keyTexts.push(text);
  }
  const bytes = units * MAX_UTF8_BYTES > MAX_KEY_BYTES ? bytesOf(keyTexts) : 0;
  if (bytes > MAX_KEY_BYTES)
    return refused('ENTITY_KEY_INVALID', `The join keys take ${bytes} bytes; the limit is ${MAX_KEY_BYTES}.`);
  let key: string;
  try {
    key = entityKey(entity, keys);
  } catch (error) {
    return refused('ENTITY_KEY_INVALID', error instanceof Error ? error.message : String(error));
  }
  const { event_timestamp_column: eventColumn, created_timestamp_column: createdColumn } = view.source;
  const eventTimestampMs = timestampMs(source[eventColumn]);
  if (eventTimestampMs === null)
    return refused('EVENT_TIMESTAMP_INVALID', notAnInstant(eventColumn), { entityKey: key, keys: keyTexts });
  const createdTimestampMs =
    createdColumn === null ? eventTimestampMs + view.available_after_ms : timestampMs(source[createdColumn]);
  if (createdTimestampMs === null)
    return refused('EVENT_TIMESTAMP_INVALID', notAnInstant(createdColumn as string), {
      entityKey: key,
      keys: keyTexts,
      eventTimestampMs,
    });
  return {
    source,
    keys,
    keyTexts,
    entityKey: key,
    eventTimestampMs,
    createdTimestampMs,
    inputHash: inputHash(source),
  };
}

function refused(code: ErrorCode, reason: string, known: Partial<LandedFailure> = {}): LandedFailure {
  return { entityKey: null, keys: null, eventTimestampMs: null, code, reason, retryable: false, ...known };
}

function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function notAnInstant(column: string): string {
  return `${column} must be an instant in the years 1 to 6429.`;
}

function timestampMs(value: unknown): number | null {
  const ms = value instanceof Date ? value.getTime() : Number.NaN;
  return ms >= MIN_TIMESTAMP_MS && ms < END_TIMESTAMP_MS ? ms : null;
}
