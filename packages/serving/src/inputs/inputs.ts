import type { LarderError } from '@larder/core';
import type { FieldValue } from '@larder/features';

/** One row as received: JSON that is not validated yet. */
export interface InputRow {
  readonly entities?: unknown;
  readonly request?: unknown;
}

/** The validated rows of a request: what to read, and which rows are wrong. */
export interface Inputs {
  /** Distinct entity keys per group of the plan. */
  readonly keysByGroup: string[][];
  /** Per row and group the index in `keysByGroup`; row-major. */
  readonly slots: Int32Array;
  /** Per row the values of the plan's request fields; rows without members of their own share one array. */
  readonly requests: (readonly FieldValue[] | null)[];
  /** Why a row cannot be answered; null for a good one. */
  readonly errors: (LarderError | null)[];
  readonly goodRows: number;
}

export interface InputsRequest {
  readonly rows: readonly unknown[];
  /** Defaults for every row; a row's own member takes precedence. */
  readonly shared?: InputRow | undefined;
  /** JSON pointer of `rows`: rows are `/rows/3`; without it the one row is the body itself. */
  readonly rowsPointer?: string | undefined;
}
