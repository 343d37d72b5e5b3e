import { createHash } from 'node:crypto';
import {
  describeColumns,
  instantOfText,
  quotedName,
  scanFile,
  type DataFormat,
  type Duckdb,
} from '@larder/archive';
import { LarderError } from '@larder/core';
import { entityKeyOfTexts, type EntityManifest } from '@larder/features';

export interface LabelFile {
  readonly path: string;
  readonly format: DataFormat;
  /** For messages. */
  readonly called: string;
  /** Name of the outcome. Values are in the column `value`, or in the one of this name. */
  readonly name: string;
  readonly source: string | undefined;
  /** The labels are about this entity, whose join keys are columns; null: about predictions, or as the file says. */
  readonly entity: EntityManifest | null;
}

/** A row as the members of a label in `POST /v1/labels`. */
export type LabelMembers = Readonly<Record<string, unknown>>;

const TEXTS = ['event_id', 'prediction_id', 'entity', 'key', 'event_timestamp', 'corrects', 'weight'];

/** Rows of a file in groups, in constant memory; columns that say nothing about a label are left out. */
export async function* readLabelRows(duckdb: Duckdb, file: LabelFile): AsyncGenerator<LabelMembers[]> {
  const what = `Reading ${file.called}`;
  const described = await describeColumns(duckdb, scanFile(file), { what });
  const types = new Map(described.map(({ name, type }) => [name, type]));
  const valueColumn = types.has('value') ? 'value' : file.name;
  if (!types.has(valueColumn)) throw lacks(file, `a column value or ${file.name}`);
  if (!types.has('event_timestamp')) throw lacks(file, 'a column event_timestamp');
  const keys = file.entity?.join_keys.map(({ name }) => name) ?? [];
  const missing = keys.find((name) => !types.has(name));
  if (missing !== undefined) throw lacks(file, `the join key ${missing}`);
  if (keys.length === 0 && !types.has('prediction_id') && !types.has('entity'))
    throw lacks(file, 'prediction_id, or entity and key; or name the entity whose join keys are columns');

  const wanted = [...new Set([...TEXTS, ...keys])].filter((name) => types.has(name) && name !== valueColumn);
  const selected = wanted.map((name) => {
    const text = `cast(${quotedName(name)} as varchar)`;
    if (name !== 'event_timestamp') return `${text} as ${quotedName(name)}`;
    // a time without a zone is UTC; what is no time is shown as it is
    const given = quotedName(name);
    const instant = `${types.get(name) === 'VARCHAR' || file.format !== 'parquet' ? instantOfText(given) : `try_cast(${given} as timestamptz)`} at time zone 'UTC'`;
    return `coalesce(strftime(${instant}, '%Y-%m-%dT%H:%M:%S.%fZ'), ${text}) as ${quotedName(name)}`;
  });
  const value = `${file.format === 'csv' ? '' : 'to_json'}(${quotedName(valueColumn)})`;
  const relation = scanFile({ ...file, ...textColumns(file.format, { described, valueColumn }) });
  const sql = `select ${[...selected, `${value} as ${quotedName(' value')}`].join(', ')} from ${relation}`;
  for await (const rows of duckdb.rows<Record<string, string | null>>(sql, { what }))
    yield rows.map((row) => labelMembers(row, { file, keys }));
}

/** Text as it is written: an id such as 007 stays one. Values of JSON keep their types. */
function textColumns(
  format: DataFormat,
  { described, valueColumn }: { described: readonly { name: string }[]; valueColumn: string },
): { readonly columns?: Readonly<Record<string, string>> } {
  if (format === 'parquet') return {};
  const typeOf = (name: string) => (format === 'json' && name === valueColumn ? 'JSON' : 'VARCHAR');
  return { columns: Object.fromEntries(described.map(({ name }) => [name, typeOf(name)])) };
}

interface RowOf {
  readonly file: LabelFile;
  readonly keys: readonly string[];
}

function labelMembers(row: Readonly<Record<string, string | null>>, { file, keys }: RowOf): LabelMembers {
  const { name, source, entity, format } = file;
  const text = row[' value'] ?? null;
  const value = text === null ? null : format === 'csv' ? valueOfText(text) : valueOfJson(text);
  const members: Record<string, unknown> = { name, value };
  if (source !== undefined) members['source'] = source;
  for (const column of TEXTS) {
    const member = row[column] ?? null;
    if (member !== null) members[column] = column === 'weight' ? Number(member) : member;
  }
  if (entity !== null) {
    delete members['prediction_id'];
    members['entity'] = entity.name;
    members['key'] = keyOf(
      entity,
      keys.map((key) => row[key] ?? ''),
    );
  }
  members['event_id'] ??= derivedId(members);
  return members;
}

/** What cannot be a key is refused with the label, not with the file. */
function keyOf(entity: EntityManifest, texts: readonly string[]): string {
  try {
    return entityKeyOfTexts(entity, texts);
  } catch {
    return texts.join('|');
  }
}

/** Without ids of events, one target has one label per instant: importing the file again adds nothing. */
function derivedId(members: LabelMembers): string {
  const parts = ['name', 'prediction_id', 'entity', 'key', 'event_timestamp'].map(
    (each) => members[each] ?? null,
  );
  return `row-${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;
}

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

function valueOfText(text: string): unknown {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return NUMBER.test(text) ? Number(text) : text;
}

/** What JSON cannot say, such as NaN, is refused with its label. */
function valueOfJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function lacks(file: LabelFile, what: string): LarderError {
  return new LarderError('DATA_FILE_INVALID', `${file.called} lacks ${what}.`);
}
