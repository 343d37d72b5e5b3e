import type { ComputeDescriptor } from '../computation/computation.ts';
import type { Field, Fields } from './field.ts';

/** Most values that a worker holds at once: those of all rows of a chunk. */
const VALUES = 50_000;
/** Below this many rows, the fixed cost of a chunk (a job, ten statements) becomes noticeable. */
const MIN_ROWS = 500;
/** Upper limit, because rows of few columns may still hold long texts. */
const MAX_ROWS = 2_000;
const ROWS_COMPUTED = 32;

/**
 * Default rows per chunk: 2,000 rows of up to 25 values, fewer of wider ones. Problems of the schema are reported
 * later.
 */
export function defaultChunkRows(schema: Fields | undefined, compute: ComputeDescriptor | null): number {
  if (compute !== null) return ROWS_COMPUTED;
  const fields: readonly (Field | undefined)[] = Object.values(schema ?? {});
  const values = fields.reduce((sum, field) => sum + Math.max(1, Number(field?.length) || 1), 0);
  return Math.min(MAX_ROWS, Math.max(MIN_ROWS, Math.floor(VALUES / values)));
}
