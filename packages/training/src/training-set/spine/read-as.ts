import { instantOfText } from '@larder/archive';
import type { FieldManifest } from '@larder/features';

export interface Reading {
  /** DuckDB's type of the value. */
  readonly type: string;
  readonly value: string;
  readonly bad: string | null;
  readonly must: string;
  readonly zoneless?: string | null;
}

const INTEGERS = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'BIGINT',
  'HUGEINT',
  'UTINYINT',
  'USMALLINT',
  'UINTEGER',
  'UBIGINT',
]);
const FLOATS = /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/;
const TEXTS = /^(VARCHAR|UUID|JSON|ENUM\(.*\))$/;
const ZONELESS = /^(TIMESTAMP|TIMESTAMP_NS|TIMESTAMP_MS|TIMESTAMP_S|DATE)$/;
const LISTS = /^(FLOAT|DOUBLE|DECIMAL\(.*\)|[A-Z]*INT|INTEGER)\[\d*\]$/;

/** A time of day that ends with a zone. */
const WITH_ZONE = String.raw`:\d{2}(:\d{2}(\.\d+)?)?\s*([Zz]|[+-]\d{2}(:?\d{2})?|UTC)$`;
const FIRST = `'0001-01-01 00:00:00+00'::TIMESTAMPTZ`;
const LAST = `'9999-12-31 23:59:59.999999+00'::TIMESTAMPTZ`;
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/**
 * SQL that reads a column as a field: from text (CSV, or text in Parquet) and from columns with a type. Numbers are
 * rounded as a request's are.
 * @returns what is needed instead, where no value of this type can be one of the field
 */
export function readAs(field: FieldManifest, type: string, given: string): Reading | string {
  const isText = type === 'VARCHAR';
  switch (field.type) {
    case 'string':
      if (!TEXTS.test(type)) return 'text is needed; convert the column';
      return { type: 'VARCHAR', value: `${given}::VARCHAR`, bad: null, must: 'must be text' };
    case 'int64': {
      if (!isText && !INTEGERS.has(type)) return 'whole numbers are needed; convert the column';
      const value = `try_cast(${given} as BIGINT)`;
      const range = field.safe === true ? ` or abs(${value}::HUGEINT) > ${MAX_SAFE}` : '';
      const shape = isText ? String.raw`not regexp_full_match(${given}, '-?\d+') or ` : '';
      return {
        type: 'BIGINT',
        value,
        bad: `${shape}${value} is null${range}`,
        must: `must be a whole number ${field.safe === true ? 'within 2^53' : 'of 64 bits'}`,
      };
    }
    case 'float32':
    case 'float64': {
      if (!isText && !INTEGERS.has(type) && !FLOATS.test(type))
        return 'numbers are needed; convert the column';
      const double = `try_cast(${given} as DOUBLE)`;
      const value = field.type === 'float32' ? `try_cast(${double} as FLOAT)` : double;
      return {
        type: field.type === 'float32' ? 'FLOAT' : 'DOUBLE',
        value,
        bad: `${value} is null or not isfinite(${value})`,
        must: field.type === 'float32' ? 'must be a number within float32' : 'must be a number',
      };
    }
    case 'bool': {
      if (!isText && type !== 'BOOLEAN') return 'true or false is needed; convert the column';
      const value = `try_cast(${given} as BOOLEAN)`;
      return { type: 'BOOLEAN', value, bad: `${value} is null`, must: 'must be true or false' };
    }
    case 'timestamp':
      return timestamp(type, given);
    case 'vector': {
      if (!isText && !LISTS.test(type)) return 'lists of numbers are needed; convert the column';
      const list = isText ? `translate(${given}, '{}', '[]')` : given;
      const value = `try_cast(${list} as FLOAT[])`;
      const element = `list_count(${value}) <> ${field.length ?? 0}`;
      return {
        type: 'FLOAT[]',
        value,
        bad: `${value} is null or len(${value}) <> ${field.length ?? 0} or ${element} or not isfinite(list_sum(list_transform(${value}, lambda x: x * 0)))`,
        must: `must be a list of ${field.length ?? 0} numbers, such as [0.5, 1]`,
      };
    }
    case 'json':
      if (!TEXTS.test(type)) return 'JSON as text is needed; convert the column';
      return {
        type: 'VARCHAR',
        value: `${given}::VARCHAR`,
        bad: `not json_valid(${given}::VARCHAR)`,
        must: 'must be JSON',
      };
  }
}

function timestamp(type: string, given: string): Reading | string {
  const must = "must be an instant of the years 1 to 9999, such as '2026-11-20T09:30:00Z'";
  const read = (value: string, zoneless: string | null): Reading => ({
    type: 'TIMESTAMP WITH TIME ZONE',
    value,
    bad: `${value} is null or ${value} not between ${FIRST} and ${LAST}`,
    must,
    zoneless,
  });
  if (type === 'TIMESTAMP WITH TIME ZONE') return read(given, null);
  // The time zone of the session is UTC.
  if (type === 'VARCHAR') return read(instantOfText(given), `not regexp_matches(${given}, '${WITH_ZONE}')`);
  if (ZONELESS.test(type)) return read(`try_cast(${given}::TIMESTAMP as TIMESTAMPTZ)`, 'true');
  return 'timestamps are needed; convert the column';
}
