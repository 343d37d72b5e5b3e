import type { FieldValue } from '@larder/features';

/** Returns a join key as text that the source's database parses as the same value. */
export function keyText(value: FieldValue): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') throw new Error('A join key must not be an object.');
  return String(value);
}
