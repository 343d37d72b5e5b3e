import { setImmediate } from 'node:timers/promises';
import { jsonPointer, MAX_PROBLEMS, type ErrorDetail } from '@larder/core';
import {
  decodeJsonValue,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldManifest,
  type FieldValue,
  type SourceRow,
  pushedColumns,
} from '@larder/features';
import type { EventTimes } from '@larder/offline-store';
import type { LandedFailure } from '../runs/index.ts';
import { checkSourceRow } from '../prepare/check-features.ts';
import { prepareRows, type PreparedRow } from '../prepare/prepare-rows.ts';

export interface AcceptedRow {
  /** Index in the rows of the request. */
  readonly index: number;
  readonly row: PreparedRow;
  readonly values: Readonly<Record<string, FieldValue | null>>;
}

export interface RejectedRow {
  /** Index in the rows of the request. */
  readonly index: number;
  readonly code: string;
  readonly errors: readonly ErrorDetail[];
}

export interface CheckedPush {
  /** Rows in the order of the request. */
  readonly accepted: readonly AcceptedRow[];
  readonly rejected: readonly RejectedRow[];
}

export interface CheckPushOptions {
  readonly view: FeatureViewManifest;
  readonly entity: EntityManifest;
  readonly times: EventTimes;
  /** Created timestamp of every row: the arrival of the push. */
  readonly arrivalMs: number;
}

/** Rows per turn: predictions of the same process wait for a turn; 50 rows with a vector of 512 take 8 ms. */
const ROWS_PER_TURN = 50;
/** Names that no feature may have, because history has columns with these names. */
const EVENT_TIMESTAMP: FieldManifest = { name: 'event_timestamp', type: 'timestamp' };
const CREATED_TIMESTAMP = 'created_timestamp';
const COLUMNS = {
  event_timestamp_column: EVENT_TIMESTAMP.name,
  created_timestamp_column: CREATED_TIMESTAMP,
};

/** Checks rows of the HTTP API; each is accepted, or rejected with every wrong member. */
export async function checkPushedRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  options: CheckPushOptions,
): Promise<CheckedPush> {
  const accepted: AcceptedRow[] = [];
  const rejected: RejectedRow[] = [];
  for (const [index, row] of rows.entries()) {
    if (index > 0 && index % ROWS_PER_TURN === 0) await setImmediate();
    const checked = checkRow(row, `/rows/${index}`, options);
    if ('row' in checked) accepted.push({ index, ...checked });
    else rejected.push({ index, ...checked });
  }
  return { accepted, rejected };
}

function checkRow(
  json: Readonly<Record<string, unknown>>,
  pointer: string,
  options: CheckPushOptions,
): Omit<AcceptedRow, 'index'> | Omit<RejectedRow, 'index'> {
  const source = readRow(json, pointer, options);
  if (Array.isArray(source)) return { code: 'REQUEST_INVALID', errors: source };
  const prepared = prepareRows([source], {
    view: { available_after_ms: 0, source: COLUMNS },
    entity: options.entity,
    times: options.times,
    clock: { nowMs: () => options.arrivalMs },
  });
  const [row] = prepared.rows;
  if (row === undefined) return refusal(prepared.failures, pointer);
  if (options.view.compute !== null) return { row, values: {} };
  const checked = checkSourceRow(ofGiven(options.view, row.source), row);
  return checked.ok ? { row, values: checked.values } : refusal([checked.failure], pointer);
}

/** The view without the features that the row leaves to `completeRows`. */
function ofGiven(view: FeatureViewManifest, source: SourceRow): FeatureViewManifest {
  if (view.partial_push === undefined) return view;
  return { ...view, schema: view.schema.filter(({ name }) => Object.hasOwn(source, name)) };
}

function refusal(failures: readonly LandedFailure[], pointer: string): Omit<RejectedRow, 'index'> {
  return {
    code: failures[0]?.code ?? 'REQUEST_INVALID',
    errors: failures.map(({ code, reason }) => ({
      pointer: code.startsWith('EVENT_TIMESTAMP') ? `${pointer}/${EVENT_TIMESTAMP.name}` : pointer,
      detail: reason,
    })),
  };
}

/** The members as a source would return them. */
function readRow(
  json: Readonly<Record<string, unknown>>,
  pointer: string,
  { view, entity, arrivalMs }: CheckPushOptions,
): SourceRow | ErrorDetail[] {
  const errors: ErrorDetail[] = [];
  const source: Record<string, unknown> = { [CREATED_TIMESTAMP]: new Date(arrivalMs) };
  const read = (field: FieldManifest, nullable: boolean): void => {
    const given = Object.hasOwn(json, field.name) ? json[field.name] : undefined;
    const rule = nullable && given === undefined ? view.partial_push?.[field.name] : undefined;
    if (rule === 'keep') return;
    if (rule === 'null') {
      source[field.name] = null;
      return;
    }
    if (given === null && nullable) {
      source[field.name] = null;
      return;
    }
    const decoded = decodeJsonValue(field, given);
    if (decoded.ok) source[field.name] = decoded.value;
    else
      errors.push({ pointer: `${pointer}/${field.name}`, detail: detailOf(given, decoded.detail, nullable) });
  };
  for (const joinKey of entity.join_keys) read(joinKey, false);
  read(EVENT_TIMESTAMP, false);
  const columns = pushedColumns(view);
  for (const column of columns) read(column, true);
  const known = new Set([...entity.join_keys, EVENT_TIMESTAMP, ...columns].map((field) => field.name));
  for (const name of Object.keys(json)) {
    if (known.has(name)) continue;
    if (errors.length >= MAX_PROBLEMS) break;
    errors.push({
      pointer: pointer + jsonPointer([name]),
      detail:
        name === CREATED_TIMESTAMP
          ? 'is set by Larder to the time of arrival'
          : view.compute === null
            ? 'is not a join key or feature of the view'
            : 'is not a join key or column of the source',
    });
  }
  return errors.length === 0 ? source : errors.slice(0, MAX_PROBLEMS);
}

function detailOf(given: unknown, detail: string, nullable: boolean): string {
  if (given !== undefined) return detail;
  return nullable ? 'is missing; use null for a missing value' : 'is missing';
}
