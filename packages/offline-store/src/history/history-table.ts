import { LarderError, type RowOrder } from '@larder/core';
import {
  keepsValues,
  viewRef,
  type FeatureViewManifest,
  type FieldValue,
  type Manifest,
} from '@larder/features';
import type { CopyWriter } from '../copy/copy-writer.ts';
import { fieldColumn, readTimestampMs, writeTimestampMs, type FieldColumn } from './field-column.ts';

/** The parts of a project that history needs besides the view: its name and the entities' join keys. */
export type HistoryProject = Pick<Manifest, 'project' | 'entities'>;

/** One row of a view's history. Timestamps are whole milliseconds, as in Redis, so that both stores order rows alike. */
export interface HistoryRow extends RowOrder {
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly chunkId: number;
  /** A 64-bit hash of the inputs that the values were computed from. */
  readonly inputHash: bigint;
  /** True: the source no longer has the key, from the event timestamp on; all values are null. Absent: false. */
  readonly isGone?: true;
  /** Of a row that was pushed without these features: event timestamp of the row that had the value; null: none had. Absent: it had all. */
  readonly keptFrom?: Readonly<Record<string, number | null>>;
  readonly values: Readonly<Record<string, FieldValue | null>>;
}

/** Which version of which entity's view; a version that was removed keeps its history. */
export type HistoryView = Pick<FeatureViewManifest, 'name' | 'version' | 'entity'>;

/** Where the history of a view version is, and how its rows are keyed. */
export interface HistoryPlace {
  readonly ref: string;
  readonly schema: string;
  readonly name: string;
  readonly keys: readonly FieldColumn[];
}

/** A view's history table, compiled: names, columns and the binary form of its rows. */
export interface HistoryTable extends HistoryPlace {
  readonly features: readonly FieldColumn[];
  /** SQL for whether a row says that its key is gone: `is_gone`, or `false` where a field has that name. */
  readonly isGone: 'is_gone' | 'false';
  /** Whether the table has the column `kept_from`. */
  readonly keepsValues: boolean;
  /** Quoted, in the order of `writeRow` and `readRow`. */
  readonly copyColumns: string;
  /** @throws FEATURE_VALUE_INVALID */
  writeRow(out: CopyWriter, row: HistoryRow): void;
  readRow(columns: readonly (Buffer | null)[]): HistoryRow;
}

/** Columns of every history table; no join key or feature may use these names. */
export const HISTORY_COLUMNS = [
  'event_timestamp',
  'created_timestamp',
  'revision',
  'landed_at',
  'chunk_id',
  'input_hash',
] as const;
const COPIED_COLUMNS = HISTORY_COLUMNS.filter((column) => column !== 'landed_at');
/** Not a reserved name, because it was added later: a view with a field of this name has no such column, and none of its keys can be gone. */
export const GONE_COLUMN = 'is_gone';

/** Of views with `partialPush: 'keep'` alone: jsonb, `HistoryRow.keptFrom`. */
export const KEPT_COLUMN = 'kept_from';

/** `COPIED_COLUMNS`, then `is_gone` and `kept_from` where the table has them, then the features. */
type RowBytes = [Buffer, Buffer, Buffer, Buffer, Buffer, ...(Buffer | null)[]];

/** An index entry must be smaller than a third of a page, which the timestamps and all keys share. */
const MAX_KEY_BYTES = 1_000;
/** Range of years: partition names have four-digit years. */
const MIN_TIMESTAMP_MS = Date.parse('0001-01-01T00:00:00Z');
const END_TIMESTAMP_MS = Date.UTC(10_000, 0, 1);

const compiled = new WeakMap<HistoryProject, WeakMap<FeatureViewManifest, HistoryTable>>();

/** Compiled once per project and view object. */
export function historyTable(project: HistoryProject, view: FeatureViewManifest): HistoryTable {
  let tables = compiled.get(project);
  if (!tables) compiled.set(project, (tables = new WeakMap()));
  let table = tables.get(view);
  if (!table) tables.set(view, (table = compile(project, view)));
  return table;
}

function historySchema(project: string): string {
  return `${project}_history`;
}

/** Needs no schema of the view. */
export function historyPlace(project: HistoryProject, view: HistoryView): HistoryPlace {
  const entity = project.entities[view.entity];
  if (!entity)
    throw new Error(`Feature view ${viewRef(view)} names entity ${view.entity}, which the manifest lacks.`);
  return {
    ref: viewRef(view),
    schema: historySchema(project.project),
    name: `${view.name}_v${view.version}`,
    keys: entity.join_keys.map(fieldColumn),
  };
}

function compile(project: HistoryProject, view: FeatureViewManifest): HistoryTable {
  const place = historyPlace(project, view);
  const { keys } = place;
  const features = view.schema.map(fieldColumn);
  const marksGone = ![...keys, ...features].some((field) => field.name === GONE_COLUMN);
  const keeps = keepsValues(view);
  const columns = [
    ...keys.map((key) => key.name),
    ...COPIED_COLUMNS,
    ...(marksGone ? [GONE_COLUMN] : []),
    ...(keeps ? [KEPT_COLUMN] : []),
    ...features.map((feature) => feature.name),
  ];
  return {
    ...place,
    features,
    isGone: marksGone ? GONE_COLUMN : 'false',
    keepsValues: keeps,
    copyColumns: columns.map((name) => `"${name}"`).join(', '),
    writeRow(out, row) {
      const problem = rowProblem(keys, features, row);
      if (problem) throw new LarderError('FEATURE_VALUE_INVALID', `${viewRef(view)}: ${problem}.`);
      out.row(columns.length);
      for (const key of keys) key.write(out, row.keys[key.name] as FieldValue);
      writeTimestampMs(out, row.eventTimestampMs);
      writeTimestampMs(out, row.createdTimestampMs);
      out.safeInt64(row.revision);
      out.safeInt64(row.chunkId);
      out.int64(BigInt.asIntN(64, row.inputHash));
      if (marksGone) out.bool(row.isGone === true);
      else if (row.isGone) throw new Error(`${viewRef(view)} has a field named ${GONE_COLUMN}.`);
      if (keeps && row.keptFrom !== undefined) out.jsonb(JSON.stringify(row.keptFrom));
      else if (keeps) out.null();
      for (const feature of features) {
        const value = row.values[feature.name] ?? null;
        if (value === null) out.null();
        else feature.write(out, value);
      }
    },
    readRow(bytes) {
      const [event, created, revision, chunkId, inputHash, ...rest] = bytes.slice(keys.length) as RowBytes;
      const values = rest.slice(Number(marksGone) + Number(keeps));
      const kept = keeps ? rest[Number(marksGone)] : null;
      return {
        keys: Object.fromEntries(keys.map((key, i) => [key.name, key.read(bytes[i] as Buffer)])),
        eventTimestampMs: readTimestampMs(event),
        createdTimestampMs: readTimestampMs(created),
        revision: Number(revision.readBigInt64BE(0)),
        chunkId: Number(chunkId.readBigInt64BE(0)),
        inputHash: inputHash.readBigInt64BE(0),
        ...(marksGone && rest[0]?.[0] === 1 ? { isGone: true as const } : {}),
        ...(kept ? { keptFrom: readKeptFrom(kept) } : {}),
        values: Object.fromEntries(
          features.map((feature, i) => [feature.name, values[i] ? feature.read(values[i]) : null]),
        ),
      };
    },
  };
}

/** The first byte is jsonb's format version. */
function readKeptFrom(bytes: Buffer): Record<string, number | null> {
  return JSON.parse(bytes.toString('utf8', 1)) as Record<string, number | null>;
}

/** Describes why history cannot store this row, as a sentence without its full stop; null when it can. */
function rowProblem(
  keys: readonly FieldColumn[],
  features: readonly FieldColumn[],
  row: HistoryRow,
): string | null {
  let keyBytes = 0;
  for (const key of keys) {
    const value = row.keys[key.name];
    if (value === null || value === undefined) return `join key ${key.name} is missing`;
    const problem = key.problem(value);
    if (problem) return `join key ${key.name} ${problem}`;
    if (typeof value === 'string') keyBytes += Buffer.byteLength(value);
  }
  if (keyBytes > MAX_KEY_BYTES) return `the join keys have ${keyBytes} bytes; the limit is ${MAX_KEY_BYTES}`;
  let declared = 0;
  for (const feature of features) {
    const value = row.values[feature.name];
    if (value !== undefined) declared++;
    if (value === null || value === undefined) continue;
    const problem = feature.problem(value);
    if (problem) return `feature ${feature.name} ${problem}`;
  }
  const names = Object.keys(row.values);
  if (names.length > declared) {
    const undeclared = names.find(
      (name) => row.values[name] !== undefined && !features.some((feature) => feature.name === name),
    );
    if (undeclared !== undefined) return `feature ${undeclared} is not declared in the schema`;
  }
  return (
    timestampProblem('event_timestamp', row.eventTimestampMs) ??
    timestampProblem('created_timestamp', row.createdTimestampMs)
  );
}

function timestampProblem(name: string, timestampMs: number): string | null {
  if (!Number.isInteger(timestampMs)) return `${name} is not a whole number of milliseconds`;
  return timestampMs >= MIN_TIMESTAMP_MS && timestampMs < END_TIMESTAMP_MS
    ? null
    : `${name} is outside the years 1 to 9999`;
}
