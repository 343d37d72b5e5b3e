import { setImmediate } from 'node:timers/promises';
import { ERRORS, type ErrorCode } from '@larder/core';
import type { FieldValue, RowFailure, RowOutcome, SourceRow, ValueMemory } from '@larder/features';
import { recallTexts } from './remembered-texts.ts';

type Values = Readonly<Record<string, FieldValue | null>>;

export interface TextRowsOptions {
  /** Column that holds the text. */
  readonly column: string;
  readonly describe: (text: string) => Promise<Values>;
  /** Values of a row without a text. */
  readonly none: Values;
  /** Aborted when the batch runs out of time. */
  readonly signal: AbortSignal;
  /** For networks that take longer than a lookup. @default every text is described */
  readonly memory?: ValueMemory | undefined;
}

/** One outcome per row, in their order; equal texts are described once. */
export async function computeTextRows(
  rows: readonly SourceRow[],
  { column, describe, none, signal, memory }: TextRowsOptions,
): Promise<RowOutcome[]> {
  const remembered = memory && (await recallTexts(rows, column, memory));
  const described = new Map<string, Values>(remembered?.known);
  const outcomes: RowOutcome[] = [];
  for (const row of rows) {
    const text = row[column];
    if (text === null) outcomes.push({ values: none });
    else if (typeof text !== 'string') outcomes.push({ failure: noText(row, column) });
    else {
      // A network blocks the thread: between two texts, the signal can arrive.
      if (!described.has(text)) await setImmediate();
      if (signal.aborted) outcomes.push({ failure: TIME_UP });
      else {
        const values = described.get(text) ?? (await describe(text));
        described.set(text, values);
        outcomes.push({ values });
      }
    }
  }
  await remembered?.remember(described);
  return outcomes;
}

const TIME_UP: RowFailure = {
  code: 'COMPUTATION_TIMED_OUT' satisfies ErrorCode,
  reason: 'The batch ran out of time before this text was read. A retry may succeed.',
  retryable: ERRORS.COMPUTATION_TIMED_OUT.retryable,
};

function noText(row: SourceRow, column: string): RowFailure {
  const problem =
    column in row
      ? `The column '${column}' holds ${typeof row[column]}, not a text`
      : `The source has no column '${column}'`;
  return {
    code: 'TEXT_INVALID' satisfies ErrorCode,
    reason: `${problem}; fix the source, or name the right column in the view's computation.`,
    retryable: ERRORS.TEXT_INVALID.retryable,
  };
}
