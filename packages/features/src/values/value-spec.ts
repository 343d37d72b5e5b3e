import type { FieldType } from '../definition/field.ts';

/** What reading and writing a value needs to know of its field; a `FieldManifest` fits. */
export interface ValueSpec {
  readonly type: FieldType;
  readonly length?: number;
  readonly safe?: boolean;
  /** The one value of the key of an entity without join keys. */
  readonly constant?: string;
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export function isInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

export const UNSTORABLE = 'must be well-formed Unicode without the character U+0000';

/** PostgreSQL holds neither U+0000 nor half a surrogate pair. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
