import { expect } from 'vitest';
import { project, row, test, view } from '../testing/store.ts';
import { appendHistory } from './append-history.ts';
import { ensureHistory } from './ensure-history.ts';
import { findHistoryRow } from './find-history-row.ts';

const stats = view('stats', [{ name: 'clicks', type: 'float32' }], 'user_ad');

test.for(['2026-03-15T00:00:00.001Z', '1899-12-31T23:59:59.999Z', '0001-01-01T00:00:00Z'])(
  'a row of %s is found again by its keys and order, with the run that wrote it',
  async (event, { store }) => {
    const eventTimestampMs = Date.parse(event);
    const wanted = {
      keys: { user: 7n, ad_id: 'found' },
      eventTimestampMs,
      createdTimestampMs: 2,
      revision: 3,
    };
    await ensureHistory(store, project, stats);
    await store.transaction((tx) => appendHistory(tx, project, stats, [row('found', wanted)]));
    const found = await findHistoryRow(store, project, stats, wanted);
    expect(found).toEqual({ landedAt: expect.any(Date), onlineAt: null, chunkId: 1, runId: null });
    expect(await findHistoryRow(store, project, stats, { ...wanted, revision: 4 })).toBeNull();
    const removed = { name: 'stats', version: 1, entity: stats.entity };
    expect(await findHistoryRow(store, project, removed, wanted)).toEqual(found);
    expect(await findHistoryRow(store, project, { ...removed, version: 9 }, wanted)).toBeNull();
  },
);
