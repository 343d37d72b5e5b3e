import { expect } from 'vitest';
import { project, row, test, view } from '../testing/store.ts';
import { appendHistory } from './append-history.ts';
import { ensureHistory } from './ensure-history.ts';
import { latestHistoryRows } from './latest-history-rows.ts';

const stats = view('stats', [{ name: 'clicks', type: 'float32' }], 'user_ad');
const JANUARY_MS = Date.UTC(2026, 0, 15);
const MARCH_MS = Date.UTC(2026, 2, 15);
/** Characters that would end a literal, an array or a COPY. */
const HOSTILE = `it's "quoted", {braced}\\ $1 \t\n; --`;

test('reads the complete newest row of each key; hostile keys are harmless', async ({ store }) => {
  await ensureHistory(store, project, stats);
  const keys = { user: -(2n ** 63n), ad_id: HOSTILE };
  const seen = (eventTimestampMs: number, createdTimestampMs: number, clicks: number | null) =>
    row('', { keys, eventTimestampMs, createdTimestampMs, inputHash: -1n, values: { clicks } });
  const other = row('', { keys: { user: 7n, ad_id: 'a' }, values: { clicks: null } });
  await store.transaction((tx) =>
    appendHistory(tx, project, stats, [
      seen(JANUARY_MS, 9, 1),
      seen(MARCH_MS, 5, 2),
      seen(MARCH_MS, 6, 0.5),
      other,
    ]),
  );
  const wanted = [{ user: 8n, ad_id: 'a' }, keys, other.keys];
  const rows = await latestHistoryRows(store, project, stats, wanted);
  expect(rows).toHaveLength(2);
  expect(rows).toEqual(expect.arrayContaining([seen(MARCH_MS, 6, 0.5), other]));
  expect(await latestHistoryRows(store, project, stats, [])).toEqual([]);
});
