import { textLiteral } from '@larder/archive';
import type { FieldManifest, FieldValue } from '@larder/features';

/** DuckDB's type of a field in the tables of a build; timestamps are milliseconds there. */
export function storedType(field: FieldManifest): string {
  return field.type === 'timestamp' ? 'BIGINT' : setType(field);
}

/** DuckDB's type of a field in the files of a set. */
export function setType({ type }: FieldManifest): string {
  return SET_TYPES[type];
}

const SET_TYPES: Readonly<Record<FieldManifest['type'], string>> = {
  float32: 'FLOAT',
  float64: 'DOUBLE',
  int64: 'BIGINT',
  bool: 'BOOLEAN',
  string: 'VARCHAR',
  timestamp: 'TIMESTAMP WITH TIME ZONE',
  vector: 'FLOAT[]',
  json: 'VARCHAR',
};

/** SQL of the value in the files of a set, from the value in the tables of a build. */
export function setValue(field: FieldManifest, stored: string): string {
  return field.type === 'timestamp' ? `make_timestamptz(${stored} * 1000)` : stored;
}

/** A value as a literal of `setType`. */
export function valueLiteral(field: FieldManifest, value: Exclude<FieldValue, null>): string {
  const type = setType(field);
  if (value instanceof Date) return `make_timestamptz(${value.getTime() * 1_000})`;
  if (value instanceof Float32Array) return `[${[...value].map(numberLiteral).join(', ')}]::FLOAT[]`;
  if (field.type === 'json') return textLiteral(JSON.stringify(value));
  if (typeof value === 'string') return textLiteral(value);
  if (typeof value === 'number') return `${numberLiteral(value)}::${type}`;
  return `${(value as bigint | boolean).toString()}::${type}`;
}

function numberLiteral(value: number): string {
  return `'${Object.is(value, -0) ? '-0.0' : value}'::DOUBLE`;
}
