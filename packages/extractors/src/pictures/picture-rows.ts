import { once } from 'node:events';
import { ERRORS, isLarderError, type ErrorCode } from '@larder/core';
import type { FieldValue, RowFailure, RowOutcome, SourceRow } from '@larder/features';

export interface PictureRowsOptions {
  /** Column that holds the picture's address. */
  readonly column: string;
  /** Addresses in flight at the same time. */
  readonly concurrency: number;
  /** The values of one picture; a `PICTURE_…` error fails only its rows, any other error all of them. */
  readonly describe: (address: string) => Promise<Readonly<Record<string, FieldValue | null>>>;
  /** Aborted when the batch runs out of time. */
  readonly signal: AbortSignal;
}

/**
 * One outcome per row, in their order; an address that several rows share is described once. When time is up,
 * unfinished rows fail with COMPUTATION_TIMED_OUT, and the others keep their values.
 */
export async function computePictureRows(
  rows: readonly SourceRow[],
  { column, concurrency, describe, signal }: PictureRowsOptions,
): Promise<RowOutcome[]> {
  const outcomes = new Map<string, RowOutcome>();
  const addresses = new Set(rows.map((row) => row[column]).filter(isAddress)).values();
  const work = async (): Promise<void> => {
    for (const address of addresses) {
      if (signal.aborted) return;
      outcomes.set(address, await describe(address).then((values) => ({ values }), failureOf));
    }
  };
  const all = Promise.allSettled(Array.from({ length: concurrency }, work));
  // Work in flight may ignore the signal.
  const ends = (await Promise.race([all, aborted(signal)])) ?? [];
  for (const end of ends) if (end.status === 'rejected' && !signal.aborted) throw end.reason;
  return rows.map((row) => {
    const address = row[column];
    if (!isAddress(address)) return { failure: noAddress(row, column) };
    return outcomes.get(address) ?? { failure: TIME_UP };
  });
}

const TIME_UP: RowFailure = {
  code: 'COMPUTATION_TIMED_OUT' satisfies ErrorCode,
  reason:
    'The batch ran out of time before this picture was done; other pictures may have used it up. A retry may ' +
    'succeed.',
  retryable: ERRORS.COMPUTATION_TIMED_OUT.retryable,
};

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
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
    column in row ? `The column '${column}' holds no address` : `The source has no column '${column}'`;
  return {
    code: 'PICTURE_URL_INVALID',
    reason: `${problem}; fix the source, or name the right column in the view's computation.`,
    retryable: ERRORS.PICTURE_URL_INVALID.retryable,
  };
}
