import { hash } from 'node:crypto';
import type { SourceRow } from '@larder/features';

/**
 * 64 bits over the columns that a row's features are made from. Two rows of one key and event timestamp with the same
 * hash have the same features: definitions are immutable per view version.
 */
export function inputHash(row: SourceRow, ignored: ReadonlySet<string>): bigint {
  const inputs: unknown[] = [];
  for (const name in row) if (!ignored.has(name)) inputs.push(name, tagged(row[name]));
  return hash('sha256', JSON.stringify(inputs), 'buffer').readBigInt64BE(0);
}

/** JSON alone would make NaN and null, and a bigint and its text, alike. */
function tagged(value: unknown): unknown {
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (typeof value === 'number' && !Number.isFinite(value)) return { number: String(value) };
  if (Buffer.isBuffer(value)) return { bytes: value.toString('base64') };
  if (value instanceof Date) return { date: value.getTime() };
  if (Array.isArray(value)) return value.map(tagged);
  return value;
}
