import type { SourceRow } from '@larder/features';
import { appendHistory } from '@larder/offline-store';
import { beforeEach, describe, expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { prepareRows, type PreparedRow } from './prepare-rows.ts';
import { skipUnchanged, type SkipOptions, type Unskipped } from './skip-unchanged.ts';

const THIS_RUN = 7;
const EARLIER_RUN = 6;
const MARCH = new Date('2026-03-01');
const APRIL = new Date('2026-04-01');

const stats = (adId: string, at: Date, note = 'first', knownAt = at): SourceRow => ({
  ad_id: adId,
  user_id: 1n,
  event_timestamp: at,
  known_at: knownAt,
  clicks: 1n,
  spent: 0.5,
  note,
});

function prepare(shop: Shop, rows: readonly SourceRow[]): readonly PreparedRow[] {
  const view = shop.view('ad_user_stats@1');
  const entity = shop.project.manifest.entities[view.entity];
  if (entity === undefined) throw new Error('The fixture has no such entity.');
  return prepareRows(rows, { view, entity, times: shop.project.manifest }).rows;
}

/** Appends rows to history, as an earlier run would. */
async function landed(shop: Shop, revision: number, rows: readonly SourceRow[]): Promise<void> {
  const history = prepare(shop, rows).map(({ keys, eventTimestampMs, createdTimestampMs, inputHash }) => ({
    keys,
    eventTimestampMs,
    createdTimestampMs,
    inputHash,
    revision,
    chunkId: 1,
    values: { clicks: 1n, spent: 0.5, note: null },
  }));
  await shop.store.transaction((tx) =>
    appendHistory(tx, shop.project.manifest, shop.view('ad_user_stats@1'), history),
  );
}

const skip = (
  shop: Shop,
  rows: readonly SourceRow[],
  scope: Partial<Pick<SkipOptions, 'force' | 'onlyMissing'>> = {},
): Promise<Unskipped> =>
  skipUnchanged(prepare(shop, rows), {
    store: shop.store,
    project: shop.project.manifest,
    view: shop.view('ad_user_stats@1'),
    revision: THIS_RUN,
    force: false,
    onlyMissing: false,
    ...scope,
  });

/** `ad@event` of each row. */
const named = (rows: readonly { readonly entityKey: string; readonly eventTimestampMs: number }[]) =>
  rows.map((row) => `${row.entityKey}@${new Date(row.eventTimestampMs).toISOString().slice(0, 7)}`);

beforeEach<{ shop: Shop }>(async ({ shop }) => {
  await shop.sql('truncate shop_history.ad_user_stats_v1');
});

describe('a row whose input did not change', () => {
  test('is skipped, and its row of history is returned', async ({ shop }) => {
    const knownAt = new Date('2026-03-02');
    await landed(shop, EARLIER_RUN, [stats('a', MARCH, 'first', knownAt)]);
    const { rows, unchanged } = await skip(shop, [
      stats('a', MARCH, 'first', new Date('2026-03-05')),
      stats('a', APRIL),
      stats('b', MARCH),
    ]);
    expect(named(rows)).toEqual(['a|1@2026-04', 'b|1@2026-03']);
    expect(unchanged).toEqual([
      {
        keys: { ad_id: 'a', user_id: 1n },
        entityKey: 'a|1',
        eventTimestampMs: MARCH.getTime(),
        createdTimestampMs: knownAt.getTime(),
        revision: EARLIER_RUN,
      },
    ]);
  });

  test('is computed if it changed or the run is forced', async ({ shop }) => {
    await landed(shop, EARLIER_RUN, [stats('a', MARCH), stats('b', MARCH)]);
    const again = [stats('a', MARCH, 'second'), stats('b', MARCH)];
    expect(named((await skip(shop, again)).rows)).toEqual(['a|1@2026-03']);
    const forced = await skip(shop, again, { force: true });
    expect(named(forced.rows)).toEqual(['a|1@2026-03', 'b|1@2026-03']);
    expect(forced.unchanged).toEqual([]);
  });
});

describe('a chunk that is run again', () => {
  test('with force skips rows that its own run has landed: history would refuse them', async ({ shop }) => {
    await landed(shop, EARLIER_RUN, [stats('b', MARCH)]);
    await landed(shop, THIS_RUN, [stats('a', MARCH)]);
    const { rows, unchanged } = await skip(shop, [stats('a', MARCH), stats('b', MARCH)], { force: true });
    expect(named(rows)).toEqual(['b|1@2026-03']);
    expect(unchanged).toMatchObject([{ entityKey: 'a|1', revision: THIS_RUN }]);
  });

  test('skips rows that its own run has landed, even if the source has changed', async ({ shop }) => {
    await landed(shop, THIS_RUN, [stats('a', MARCH)]);
    const { rows, unchanged } = await skip(shop, [stats('a', MARCH, 'second')]);
    expect(rows).toEqual([]);
    expect(unchanged).toMatchObject([{ entityKey: 'a|1', revision: THIS_RUN }]);
  });

  test('takes a correction with a later created timestamp, even after its own run landed the first row', async ({
    shop,
  }) => {
    await landed(shop, THIS_RUN, [stats('a', MARCH)]);
    const correction = [stats('a', MARCH, 'second', APRIL)];
    expect(named((await skip(shop, correction)).rows)).toEqual(['a|1@2026-03']);
    expect(named((await skip(shop, correction, { force: true })).rows)).toEqual(['a|1@2026-03']);
  });

  test('with missing entities, continues with the entities that its own run has started', async ({
    shop,
  }) => {
    await landed(shop, THIS_RUN, [stats('a', MARCH)]);
    const { rows, unchanged } = await skip(shop, [stats('a', MARCH), stats('a', APRIL)], {
      onlyMissing: true,
    });
    expect(named(rows)).toEqual(['a|1@2026-04']);
    expect(unchanged).toMatchObject([{ entityKey: 'a|1', eventTimestampMs: MARCH.getTime() }]);
  });
});

describe('only missing entities', () => {
  test('skips entities that have any history, whatever changed', async ({ shop }) => {
    await landed(shop, EARLIER_RUN, [stats('a', MARCH), stats('a', APRIL)]);
    const { rows, unchanged } = await skip(shop, [stats('a', MARCH, 'second'), stats('b', MARCH)], {
      onlyMissing: true,
    });
    expect(named(rows)).toEqual(['b|1@2026-03']);
    expect(unchanged).toEqual([
      {
        keys: { ad_id: 'a', user_id: 1n },
        entityKey: 'a|1',
        eventTimestampMs: APRIL.getTime(),
        createdTimestampMs: APRIL.getTime(),
        revision: EARLIER_RUN,
      },
    ]);
  });
});
