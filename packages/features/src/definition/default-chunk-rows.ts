import type { ComputeDescriptor } from '../computation/computation.ts';
import type { Field, Fields } from './field.ts';

/** Most values that a worker holds at once: those of all rows of a chunk. */
const VALUES = 50_000;
/** Below this many rows, the fixed cost of a chunk (a job, ten statements) becomes noticeable. */
const MIN_ROWS = 500;
/** Above it nothing is gained: `npm run bench -- history-ingest`. */
const MAX_ROWS = 5_000;
/** Upper limit of rows with texts, which may be long. */
const MAX_ROWS_WITH_TEXT = 2_000;
const ROWS_COMPUTED = 32;

/**
 * Default rows per chunk: 5,000 rows of up to ten values, 2,000 with texts, fewer of wider ones. Problems of the schema
 * are reported later.
 */
export function defaultChunkRows(schema: Fields | undefined, compute: ComputeDescriptor | null): number {
  if (compute !== null) return ROWS_COMPUTED;
  const fields: readonly (Field | undefined)[] = Object.values(schema ?? {});
  const values = fields.reduce((sum, field) => sum + Math.max(1, Number(field?.length) || 1), 0);
  const hasText = fields.some((field) => field?.type === 'string' || field?.type === 'json');
  const most = hasText ? MAX_ROWS_WITH_TEXT : MAX_ROWS;
  return Math.min(most, Math.max(MIN_ROWS, Math.floor(VALUES / values)));
}
