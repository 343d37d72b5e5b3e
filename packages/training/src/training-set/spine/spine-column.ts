import { quotedName } from '@larder/archive';
import { MAX_ENTITY_KEY_BYTES, type FieldManifest } from '@larder/features';
import type { SpineColumn } from '../training-set-manifest.ts';
import { nestingOf } from './nesting-of.ts';
import { readAs } from './read-as.ts';

/** A column of the spine as it was given, and how its values are read. */
export interface GivenColumn {
  readonly name: string;
  /** DuckDB's type in the file. */
  readonly type: string;
  /** Text holds the value as JSON, or a number the microseconds since 1970. */
  readonly coded?: 'json' | 'microseconds';
  /** Not part of the set. */
  readonly skipped?: boolean;
}

export interface PlannedColumn {
  readonly name: string;
  readonly role: SpineColumn['role'];
  /** Null: passed through unchanged. */
  readonly field: FieldManifest | null;
  /** DuckDB's type of `value`. */
  readonly type: string;
  /** SQL over the column as given. */
  readonly given: string;
  /** SQL of the value; null where it cannot be read. */
  readonly value: string;
  /** SQL: the given value is not null and cannot be used. Null: any can. */
  readonly bad: string | null;
  /** What a value must be, for messages: `must be a whole number of 64 bits`. */
  readonly must: string;
  /** SQL: the time has no zone and is read as UTC. Null: it always has one. */
  readonly zoneless: string | null;
}

/** Name in the tables of a build of the i-th column of a spine: given names may collide with each other and with ours. */
export function spineName(index: number): string {
  return `s${index}`;
}

/** DuckDB's time to store lists in lists doubles with every level. */
const MAX_LEVELS = 8;

/** @returns a text instead of a column where no value of the given column can be one of the field */
export function planColumn(
  { name, type, coded }: GivenColumn,
  index: number,
  use: { readonly role: SpineColumn['role']; readonly field: FieldManifest | null },
): PlannedColumn | string {
  const given = decoded(quotedName(spineName(index)), coded);
  const levels = nestingOf(type);
  if (levels > MAX_LEVELS)
    return `column ${name} is nested ${levels} levels deep; it may be ${MAX_LEVELS}, so send it as JSON text`;
  if (use.field === null)
    return {
      name,
      ...use,
      type,
      given,
      value: given,
      bad: null,
      must: '',
      zoneless: null,
    };
  const reading = readAs(use.field, coded === 'microseconds' ? 'TIMESTAMP WITH TIME ZONE' : type, given);
  if (typeof reading === 'string') return `column ${name} is ${type}: ${reading}`;
  const column = { name, ...use, given, zoneless: null, ...reading };
  return use.role === 'key' && use.field.type === 'string' ? { ...column, ...textOfKey(given) } : column;
}

/** Neither history nor the online store has other keys. */
function textOfKey(given: string): Pick<PlannedColumn, 'bad' | 'must'> {
  return {
    bad: `contains(${given}::VARCHAR, chr(0)) or strlen(${given}::VARCHAR) > ${MAX_ENTITY_KEY_BYTES}`,
    must: `must be text of at most ${MAX_ENTITY_KEY_BYTES} bytes, without U+0000`,
  };
}

function decoded(given: string, coded: GivenColumn['coded']): string {
  if (coded === 'json') return `json_extract_string(${given}, '$')`;
  return coded === 'microseconds' ? `make_timestamptz(${given})` : given;
}
