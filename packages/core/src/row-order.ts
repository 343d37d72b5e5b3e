/** What decides which of two rows of one entity and view is newer: event, then created timestamp, then revision. */
export interface RowOrder {
  readonly eventTimestampMs: number;
  readonly createdTimestampMs: number;
  /** Revision of the run that wrote the row: an integer from 0 to 2^40 - 1. */
  readonly revision: number;
}

/**
 * Oldest first. The same order is the bytes of a packed row's header, which online-store/scripts/write-rows.lua
 * compares, and `NEWEST_FIRST` of history's index; a property test holds the three together.
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
