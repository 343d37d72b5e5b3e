import type { FieldValue } from '@larder/features';

/** A join key as text that the source's database reads back as the same value. */
export function keyText(value: FieldValue): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') throw new Error('A join key is no object.');
  return String(value);
}
