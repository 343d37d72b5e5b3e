import { ERRORS, isLarderError } from '@larder/core';
import type { FieldValue, RowFailure, RowOutcome, SourceRow } from '@larder/features';

export interface PictureRowsOptions {
  /** Column that holds the picture's address. */
  readonly column: string;
  /** Addresses under way at the same time. */
  readonly concurrency: number;
  /** The values of one picture; a `PICTURE_…` error fails its rows alone, any other all of them. */
  readonly describe: (address: string) => Promise<Readonly<Record<string, FieldValue | null>>>;
}

/** One outcome per row, in their order; an address that several rows share is described once. */
export async function computePictureRows(
  rows: readonly SourceRow[],
  { column, concurrency, describe }: PictureRowsOptions,
): Promise<RowOutcome[]> {
  const outcomes = new Map<string, RowOutcome>();
  const addresses = new Set(rows.map((row) => row[column]).filter(isAddress)).values();
  const work = async (): Promise<void> => {
    for (const address of addresses) {
      outcomes.set(address, await describe(address).then((values) => ({ values }), failureOf));
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: concurrency }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return rows.map((row) => {
    const address = row[column];
    const outcome = isAddress(address) ? outcomes.get(address) : undefined;
    return outcome ?? { failure: noAddress(row, column) };
  });
}

function failureOf(error: unknown): RowOutcome {
  if (!isLarderError(error) || !error.code.startsWith('PICTURE_')) throw error;
  return { failure: { code: error.code, reason: error.message, retryable: error.retryable } };
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function noAddress(row: SourceRow, column: string): RowFailure {
  const problem =
    column in row ? `The column '${column}' holds no address` : `The source gives no column '${column}'`;
  return {
    code: 'PICTURE_URL_INVALID',
    reason: `${problem}; mend the source, or name the right column to the view's computation.`,
    retryable: ERRORS.PICTURE_URL_INVALID.retryable,
  };
}
