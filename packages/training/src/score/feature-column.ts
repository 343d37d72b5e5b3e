import { textLiteral, quotedName, type DataColumn } from '@larder/archive';
import { declaredDefault, type FieldManifest } from '@larder/features';
import { readAs, type Reading } from '../training-set/spine/read-as.ts';

/** SQL of the row, counted from 0, in every query over a file. */
export const ROW = 'file_row_number';

/**
 * SQL of a feature as it lies in the tensor, FLOAT or FLOAT[n] and never null: the declared default, else `missing`,
 * stands for a null, and for NaN, which is how pandas writes one.
 * @returns a problem instead where no value of the column can be one of the feature
 */
export function tensorColumn(field: FieldManifest, column: DataColumn, missing: number): SqlOrProblem {
  const read = featureValue(field, column);
  if ('problem' in read) return read;
  const byDefault = declaredDefault(field);
  if (field.type === 'vector') {
    const fallback =
      byDefault instanceof Float32Array
        ? `[${[...byDefault].map(float).join(', ')}]`
        : `list_resize([]::FLOAT[], ${field.length}, ${float(missing)})`;
    return { sql: `coalesce(${read.sql}, ${fallback})::FLOAT[${field.length}]` };
  }
  const value = toFloat(field, read.sql);
  const fallback = byDefault === null ? missing : Math.fround(Number(byDefault));
  return {
    sql: Number.isNaN(fallback)
      ? `coalesce(${value}, ${float(fallback)})`
      : `coalesce(nullif(${value}, ${float(Number.NaN)}), ${float(fallback)})`,
  };
}

/** SQL of a feature that functions read; null where it has no value. Timestamps are milliseconds. */
export function featureColumn(field: FieldManifest, column: DataColumn): SqlOrProblem {
  const read = featureValue(field, column);
  if ('problem' in read) return read;
  const isFloat = field.type === 'float32' || field.type === 'float64';
  return { sql: isFloat ? `nullif(${read.sql}, 'nan')` : stored(field, read.sql) };
}

/** SQL of a request field, which must have a value that a request could have. Timestamps are milliseconds. */
export function requestColumn(field: FieldManifest, column: DataColumn): SqlOrProblem {
  const given = quotedName(column.name);
  const reading = readAs(field, column.type, given);
  if (typeof reading === 'string') return wrongType(column, reading);
  const empty = refusal(`${given} is null`, column, `is empty; ${reading.must}`);
  return { sql: stored(field, checked(reading, column, [empty])) };
}

export type SqlOrProblem = { readonly sql: string } | { readonly problem: string };

/** Floats may be infinite, and vectors have NaN: functions give such values, and they are served. */
function featureValue(field: FieldManifest, column: DataColumn): SqlOrProblem {
  const given = quotedName(column.name);
  const reading = readAs(field, column.type, given);
  if (typeof reading === 'string') return wrongType(column, reading);
  const { value } = reading;
  switch (field.type) {
    case 'float32':
    case 'float64': {
      if (column.type === reading.type) return { sql: given };
      const double = `try_cast(${given} as DOUBLE)`;
      const wide = field.type === 'float32' ? toFloat({ type: 'float64' }, double) : double;
      return { sql: checked({ ...reading, value: wide, bad: `${double} is null` }, column) };
    }
    case 'bool':
      return { sql: column.type === 'BOOLEAN' ? given : checked(reading, column) };
    case 'vector': {
      const bad = `${value} is null or len(${value}) <> ${field.length} or list_count(${value}) <> ${field.length}`;
      return { sql: checked({ ...reading, bad }, column) };
    }
    default:
      return { sql: checked(reading, column) };
  }
}

function checked({ value, bad, must }: Reading, column: DataColumn, before: readonly string[] = []): string {
  const cases =
    bad === null
      ? before
      : [...before, refusal(`${quotedName(column.name)} is not null and (${bad})`, column, must)];
  return cases.length === 0 ? value : `case ${cases.join(' ')} else ${value} end`;
}

/** The query fails with the row where the condition holds: the file is read once. */
function refusal(when: string, { name }: DataColumn, detail: string): string {
  return `when ${when} then error('row ' || (${ROW} + 1) || ${textLiteral(`, ${name} ${detail}`)})`;
}

function wrongType({ name, type }: DataColumn, needed: string): { readonly problem: string } {
  return { problem: `column ${name} is ${type}: ${needed}` };
}

/** Rounded as a float32 array rounds: what is too large is infinite. */
function toFloat({ type }: Pick<FieldManifest, 'type'>, value: string): string {
  if (type === 'bool') return `(${value})::INTEGER::FLOAT`;
  if (type === 'float32') return value;
  return `coalesce(try_cast(${value} as FLOAT), case when ${value} > 0 then 'inf' when ${value} < 0 then '-inf' end::FLOAT)`;
}

function stored(field: FieldManifest, value: string): string {
  return field.type === 'timestamp' ? `epoch_ms(${value})` : value;
}

function float(value: number): string {
  return `'${value}'::FLOAT`;
}
