/** Decides which of two rows of one entity and view is newer: event timestamp, then created timestamp, then revision. */
export interface RowOrder {
  readonly eventTimestampMs: number;
  readonly createdTimestampMs: number;
  /** Revision of the run that wrote the row: an integer from 0 to 2^40 - 1. */
  readonly revision: number;
}

/**
 * Compares rows, oldest first. The bytes of a packed row's header have the same order, which
 * online-store/scripts/write-rows.lua compares, and so does `NEWEST_FIRST` of history's index; a property test holds the
 * three together.
 */
export function compareRowOrder(a: RowOrder, b: RowOrder): number {
  return (
    a.eventTimestampMs - b.eventTimestampMs ||
    a.createdTimestampMs - b.createdTimestampMs ||
    a.revision - b.revision
  );
}

/** False for rows of equal order: the same row, written again. */
export function isNewer(a: RowOrder, b: RowOrder): boolean {
  return compareRowOrder(a, b) > 0;
}
