import type { JsonValue } from '@larder/features';
import { joinedColumns, type JoinedColumn } from '../../index.ts';
import type { JoinCase, JoinedRow, JoinedValue } from './join-case.ts';

/** The spine of a case as the engines read it. */
export function spineCsv({ join, spine }: Pick<JoinCase, 'join' | 'spine'>): string {
  const quoted = (value: unknown): string => `"${String(value).replaceAll('"', '""')}"`;
  return spine
    .map(({ row, atUs, keys }) =>
      [row, atUs, ...join.entity.join_keys.map(({ name }) => quoted(keys[name]))].join(','),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Reads the CSV of a joined spine, sorted by row. */
export function readJoinedCsv(join: JoinCase['join'], csv: string): JoinedRow[] {
  const columns = joinedColumns(join);
  return records(csv)
    .map((record) => record.map((text, at) => valueOf(columns[at] as JoinedColumn, text)))
    .toSorted((a, b) => (a[0] as number) - (b[0] as number));
}

const VALUE = /(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n)/gy;

/** Null is an empty value without quotes. */
function records(csv: string): (string | null)[][] {
  const all: (string | null)[][] = [];
  let record: (string | null)[] = [];
  VALUE.lastIndex = 0;
  while (VALUE.lastIndex < csv.length) {
    const match = VALUE.exec(csv);
    if (match === null) throw new Error('Not CSV.');
    const [, inQuotes, plain, end] = match;
    record.push(inQuotes === undefined ? plain || null : inQuotes.replaceAll('""', '"'));
    if (end === ',') continue;
    all.push(record);
    record = [];
  }
  return all;
}

function valueOf(column: JoinedColumn, text: string | null): JoinedValue {
  if (text === null) return null;
  if (column.holds !== 'feature') return Number(text);
  switch (column.field.type) {
    case 'int64':
      return BigInt(text);
    case 'bool':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'string':
      return text;
    case 'json':
      return JSON.parse(text) as JsonValue;
    case 'vector':
      return text
        .slice(1, -1)
        .split(',')
        .map((element) => Math.fround(Number(element)));
    case 'float32':
      return Math.fround(Number(text));
    default:
      return Number(text);
  }
}
