import type { LarderError } from '@larder/core';
import type { FieldValue } from '@larder/features';

/** One row as it came: JSON that nobody has looked at yet. */
export interface InputRow {
  readonly entities?: unknown;
  readonly request?: unknown;
}

/** The rows of a request, checked: what to read, and which rows there is nothing to read for. */
export interface Inputs {
  /** Distinct entity keys per group of the plan. */
  readonly keysByGroup: string[][];
  /** Per row and group the place in `keysByGroup`; row-major. */
  readonly slots: Int32Array;
  /** Per row the values of the plan's request fields; rows without own members share one array. */
  readonly requests: (readonly FieldValue[] | null)[];
  /** Why a row cannot be answered; null for a good one. */
  readonly errors: (LarderError | null)[];
  readonly goodRows: number;
}

export interface InputsRequest {
  readonly rows: readonly unknown[];
  /** Merged under every row; a row's own member wins. */
  readonly shared?: InputRow | undefined;
  /** JSON pointer of `rows`: rows are `/rows/3`; without it the one row is the body itself. */
  readonly rowsPointer?: string | undefined;
}
