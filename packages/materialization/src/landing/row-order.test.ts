import { compareRowOrder, isNewer, type RowOrder } from '@larder/core';
import { appendHistory, latestHistoryRows, latestInputHashes, type HistoryRow } from '@larder/offline-store';
import { compileRowCodec, readRowHeader } from '@larder/online-store';
import fc from 'fast-check';
import { expect } from 'vitest';
import { test } from '../../fixtures/shop.ts';

const VIEW = 'ad_words@1';

// Times around zero, byte boundaries and month boundaries; both stores can hold them.
// Often equal, so that the next part of the order must decide.
const often = { weight: 3, arbitrary: fc.constant(0) };
const instant = fc.oneof(
  often,
  fc.constantFrom(-2, -1, 1, 255, 256, 2 ** 40 - 1, 2 ** 40, Date.UTC(2026, 2), Date.UTC(2026, 2) - 1),
);
const created = fc.oneof(instant, fc.constantFrom(Date.parse('0001-01-01T00:00:00Z'), 2 ** 47 - 1));
const revision = fc.oneof(fc.nat(2), fc.constantFrom(255, 256, 2 ** 32, 2 ** 40 - 1));
const orders = fc.uniqueArray(
  fc.record({ eventTimestampMs: instant, createdTimestampMs: created, revision }),
  { minLength: 2, maxLength: 12, selector: (order) => Object.values(order).join(' ') },
);

const orderOf = ({ eventTimestampMs, createdTimestampMs, revision: written }: RowOrder): RowOrder => ({
  eventTimestampMs,
  createdTimestampMs,
  revision: written,
});

test('TypeScript, the script in Redis and the index in PostgreSQL agree which row is newest', async ({
  shop,
}) => {
  const view = shop.view(VIEW);
  const codec = compileRowCodec(view);
  const { store, onlineStore, project } = shop;
  let key = 0;
  await fc.assert(
    fc.asyncProperty(orders, async (written) => {
      const keys = { ad_id: `ordered-${key++}` };
      const rows = written.map((order): HistoryRow => ({
        ...order,
        keys,
        chunkId: 1,
        inputHash: 0n,
        values: { word_count: 1 },
      }));
      const newest = orderOf(written.toSorted(compareRowOrder).at(-1) as RowOrder);

      await store.transaction((tx) => appendHistory(tx, project.manifest, view, rows));
      const [whole] = await latestHistoryRows(store, project.manifest, view, [keys]);
      const [hashed] = await latestInputHashes(store, project.manifest, view, [keys]);
      expect(orderOf(whole as RowOrder)).toEqual(newest);
      expect(orderOf(hashed as RowOrder)).toEqual(newest);

      const outcomes = await onlineStore.write(
        rows.map((row) => ({
          entity: view.entity,
          entityKey: keys.ad_id,
          viewRef: VIEW,
          ttlMs: 'forever',
          row: codec.encode(row, row.values),
        })),
      );
      let best: RowOrder | undefined;
      expect(outcomes).toEqual(
        written.map((order) => {
          const isFirst = best === undefined;
          const stale = best !== undefined && isNewer(best, order);
          if (!stale) best = order;
          return isFirst ? 'created' : stale ? 'stale' : 'replaced';
        }),
      );
      const held = (await onlineStore.inspect(view.entity, keys.ad_id))?.fields[0]?.row as Buffer;
      expect(orderOf(readRowHeader(held) as RowOrder)).toEqual(newest);
    }),
    { numRuns: 60 },
  );
});
