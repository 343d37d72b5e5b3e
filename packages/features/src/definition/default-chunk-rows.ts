import type { ComputeDescriptor } from '../computation/computation.ts';
import type { Field, Fields } from './field.ts';

/** What a worker holds of a chunk at once: values of all its rows. */
const VALUES = 50_000;
/** What a chunk costs by itself (a job, ten statements) shows below this many rows. */
const MIN_ROWS = 500;
/** Rows of few columns may still hold long texts. */
const MAX_ROWS = 2_000;
const ROWS_COMPUTED = 32;

/**
 * Rows per chunk where the definition says nothing: 2,000 rows of up to 25 values, fewer of wider ones. What is wrong
 * with the schema is reported later.
 */
export function defaultChunkRows(schema: Fields | undefined, compute: ComputeDescriptor | null): number {
  if (compute !== null) return ROWS_COMPUTED;
  const fields: readonly (Field | undefined)[] = Object.values(schema ?? {});
  const values = fields.reduce((sum, field) => sum + Math.max(1, Number(field?.length) || 1), 0);
  return Math.min(MAX_ROWS, Math.max(MIN_ROWS, Math.floor(VALUES / values)));
}
