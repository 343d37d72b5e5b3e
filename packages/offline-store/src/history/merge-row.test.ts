import { compareRowOrder } from '@larder/core';
import type { FieldManifest } from '@larder/features';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HistoryRow } from './history-table.ts';
import { mergeRow } from './merge-row.ts';

const MINUTE_MS = 60_000;
const FEATURES = ['price', 'pieces'] as const;
const view = {
  schema: FEATURES.map((name) => ({ name, type: 'float64', default: null }) as unknown as FieldManifest),
  ttl_ms: 60 * MINUTE_MS,
};

type Values = Readonly<Record<string, number | null>>;
interface Drawn {
  readonly minute: number;
  /** Null: the source no longer has the key. */
  readonly values: Values | null;
}

/** What the newest row has after the rows arrived in this order; null: the key is gone. */
function arrive(rows: readonly Drawn[]): Values | null {
  const history: HistoryRow[] = [];
  const put = (row: HistoryRow): void => {
    const at = history.findIndex((other) => compareRowOrder(other, row) === 0);
    history.splice(at < 0 ? history.length : at, at < 0 ? 0 : 1, row);
  };
  for (const [arrival, { minute, values }] of rows.entries()) {
    const { row, correction } = mergeRow(
      view,
      {
        keys: { article_id: 'a' },
        eventTimestampMs: minute * MINUTE_MS,
        createdTimestampMs: 1_000 * MINUTE_MS + arrival,
        revision: arrival,
        chunkId: 1,
        inputHash: 0n,
        values: values ?? {},
        ...(values === null && { isGone: true as const }),
      },
      history,
    );
    put(row);
    if (correction !== null) put(correction);
  }
  const newest = history.toSorted(compareRowOrder).at(-1);
  return newest === undefined || newest.isGone === true ? null : (newest.values as Values);
}

const GONE = { minute: 5, values: null };
const WHOLE = { minute: 0, values: { price: 1, pieces: 10 } };

test('a gone row that lands after a younger partial one leaves it no value from before', () => {
  const partial = { minute: 10, values: { price: 2 } };
  expect(arrive([WHOLE, GONE, partial])).toEqual({ price: 2, pieces: null });
  expect(arrive([WHOLE, partial, GONE])).toEqual({ price: 2, pieces: null });
  expect(arrive([partial, GONE, WHOLE])).toEqual({ price: 2, pieces: null });
});

test('a row from before the key was gone fills nothing of the row after it', () => {
  const partial = { minute: 10, values: { price: 2 } };
  expect(arrive([GONE, partial, WHOLE])).toEqual({ price: 2, pieces: null });
});

test('a key that is back at the time of its gone row gives its values again', () => {
  const back = { minute: 5, values: { price: 7, pieces: 70 } };
  expect(arrive([WHOLE, GONE, { minute: 10, values: { price: 2 } }, back])).toEqual({ price: 2, pieces: 70 });
});

test('rows and gone rows give the same newest row in whatever order they arrive', () => {
  const drawn = fc.record({
    minute: fc.integer({ min: 0, max: 100 }),
    values: fc.oneof(
      { weight: 1, arbitrary: fc.constant(null) },
      {
        weight: 4,
        arbitrary: fc.record(
          { price: fc.option(fc.integer({ min: 0, max: 99 })), pieces: fc.integer({ min: 0, max: 99 }) },
          { requiredKeys: [] },
        ),
      },
    ),
  });
  fc.assert(
    fc.property(
      fc
        .uniqueArray(drawn, { selector: ({ minute }) => minute, minLength: 1, maxLength: 7 })
        .chain((rows) =>
          fc.tuple(
            fc.constant(rows.toSorted((a, b) => a.minute - b.minute)),
            fc.shuffledSubarray(rows, { minLength: rows.length }),
          ),
        ),
      ([inOrder, shuffled]) => {
        expect(arrive(shuffled)).toEqual(arrive(inOrder));
      },
    ),
    { numRuns: 2_000 },
  );
});
