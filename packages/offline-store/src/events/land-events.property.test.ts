import { newId } from '@larder/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { OfflineStore } from '../offline-store.ts';
import { test } from '../testing/store.ts';
import {
  applyWindowed,
  land,
  naiveTiles,
  plainTile,
  storedTiles,
  windowedProject,
  type PlainTile,
} from '../testing/windowed.ts';
import type { ArrivedEvent, EventProject } from './event-table.ts';
import type { WindowedView } from './windowed-view.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');

const values = fc.record({
  ad_id: fc.constantFrom('a', 'b', '|%'),
  kind: fc.constantFrom('impression', 'click', 'view', null),
  bid: fc.oneof(fc.constantFrom(null, 0, -1.5), fc.double({ noNaN: true, min: -1e6, max: 1e6 })),
  clicks: fc.constantFrom(null, 0, 1, 2, 5),
  user_id: fc.constantFrom(null, 'u1', 'u2', 'u3', '"quoted"', ''),
});

/** Few ids and times, so that arrivals often meet: redelivered, corrected, retracted, late. */
const arrival = fc.record({
  id: fc.constantFrom('e1', 'e2', 'e3', 'é', '😀', 'e4', 'e5'),
  agoMs: fc.constantFrom(0, 5_000, 12_000, 300_000, 4_000_000, 70_000_000),
  isRetracted: fc.boolean().map((is) => is),
  values,
});

function arrivedAt(
  createdTimestampMs: number,
  given: { id: string; agoMs: number; isRetracted: boolean; values: ArrivedEvent['values'] },
): ArrivedEvent {
  return {
    eventId: given.id,
    eventTimestampMs: NOW_MS - given.agoMs,
    createdTimestampMs,
    isRetracted: given.isRetracted,
    values: given.values,
  };
}

async function actual(store: OfflineStore, view: WindowedView): Promise<Map<string, PlainTile>> {
  const tiles = await storedTiles(store, view);
  return new Map(tiles.map((tile) => [`${tile.entityKey} ${tile.window} ${tile.tile}`, plainTile(tile)]));
}

/** Tiles whose events were all taken back stay, empty. */
function withoutEmpty(tiles: Map<string, PlainTile>): Map<string, PlainTile> {
  return new Map(
    [...tiles].filter(([, [shown, clicks, , , low, , , users]]) => shown || clicks || low !== null || users),
  );
}

function expectSame(found: Map<string, PlainTile>, wanted: Map<string, PlainTile>): void {
  expect([...withoutEmpty(found).keys()].sort()).toEqual([...withoutEmpty(wanted).keys()].sort());
  for (const [id, tile] of withoutEmpty(wanted)) {
    const other = found.get(id) as PlainTile;
    for (const [at, number] of tile.entries())
      if (number === null) expect(other[at]).toBeNull();
      else expect(Math.abs((other[at] as number) - number)).toBeLessThanOrEqual(1e-9 * 1e7);
  }
}

async function fresh(store: OfflineStore): Promise<{ project: EventProject; view: WindowedView }> {
  const project = windowedProject(`p${newId().replaceAll('-', '').slice(-12)}`);
  return { project, view: await applyWindowed(store, project) };
}

test('the tiles are those of the events as they are known, whatever arrives in which batches', async ({
  store,
}) => {
  const { project, view } = await fresh(store);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(arrival, { maxLength: 12 }), { maxLength: 6 }), async (batches) => {
      await store.pool.query(
        `truncate ${project.project}_history.ad_events_events, ${project.project}_history.ad_stats_v1_tiles`,
      );
      const arrived: ArrivedEvent[] = [];
      let duplicates = 0;
      let landed = 0;
      for (const [at, batch] of batches.entries()) {
        const events = batch.map((given) => arrivedAt(NOW_MS + at, given));
        arrived.push(...events);
        const result = await land(store, project, { events, nowMs: NOW_MS + at, revision: at + 1 });
        duplicates += result.duplicates.size;
        landed += result.landed.length;
      }
      expect(duplicates + landed).toBe(arrived.length);
      expectSame(await actual(store, view), naiveTiles(view, arrived, NOW_MS));
      const before = await actual(store, view);
      const again = await land(store, project, { events: arrived, nowMs: NOW_MS + 10, revision: 100 });
      expect(again.landed.filter(({ isRetracted }) => !isRetracted)).toEqual([]);
      expect(await actual(store, view)).toEqual(before);
    }),
    { numRuns: 60 },
  );
});

test('writers at the same time count each event once', async ({ store }) => {
  const { project, view } = await fresh(store);
  await fc.assert(
    fc.asyncProperty(fc.array(arrival, { minLength: 20, maxLength: 60 }), async (given) => {
      await store.pool.query(
        `truncate ${project.project}_history.ad_events_events, ${project.project}_history.ad_stats_v1_tiles`,
      );
      // one content per event, so that the order of the writers does not matter
      const contents = new Map(
        given.map((each) => [`${each.id} ${each.agoMs}`, { ...each, isRetracted: false }]),
      );
      const events = [...contents.values()].map((each) => arrivedAt(NOW_MS, each));
      const results = await Promise.all(
        Array.from({ length: 4 }, (_, writer) =>
          Promise.all([
            land(store, project, { events, nowMs: NOW_MS, revision: 2 * writer + 1 }),
            land(store, project, { events: events.toReversed(), nowMs: NOW_MS, revision: 2 * writer + 2 }),
          ]),
        ),
      );
      expect(results.flat().reduce((sum, { landed }) => sum + landed.length, 0)).toBe(events.length);
      expectSame(await actual(store, view), naiveTiles(view, events, NOW_MS));
    }),
    { numRuns: 12 },
  );
});

test('corrections of one event at the same time leave one of them in the tiles', async ({ store }) => {
  const { project, view } = await fresh(store);
  const event = (clicks: number, ad = 'a') =>
    arrivedAt(NOW_MS, {
      id: 'e1',
      agoMs: 0,
      isRetracted: false,
      values: { ad_id: ad, kind: 'click', bid: null, clicks, user_id: null },
    });
  await land(store, project, { events: [event(0)], nowMs: NOW_MS, revision: 1 });
  await Promise.all(
    Array.from({ length: 8 }, (_, at) =>
      land(store, project, { events: [event(at + 1, at % 2 ? 'a' : 'b')], nowMs: NOW_MS, revision: at + 2 }),
    ),
  );
  const { rows } = await store.pool.query<{ ad_id: string; clicks: string }>(
    `select ad_id, clicks from ${project.project}_history.ad_events_events order by edition desc`,
  );
  expect(rows).toHaveLength(9);
  const tiles = withoutEmpty(await actual(store, view));
  expect([...tiles.keys()].every((id) => id.startsWith(`${rows[0]?.ad_id} `))).toBe(true);
  expect(new Set([...tiles.values()].map(([, clicks]) => clicks))).toEqual(
    new Set([Number(rows[0]?.clicks)]),
  );
});

test('a landing that is not committed leaves nothing', async ({ store }) => {
  const { project, view } = await fresh(store);
  const events = ['a', 'b'].map((ad) =>
    arrivedAt(NOW_MS, {
      id: ad,
      agoMs: 0,
      isRetracted: false,
      values: { ad_id: ad, kind: 'click', bid: 1, clicks: 1, user_id: 'u' },
    }),
  );
  const { landEvents } = await import('./land-events.ts');
  const killed = store.transaction(async (tx) => {
    await landEvents(tx, {
      project: project.project,
      source: project.event_sources?.['ad_events'] as never,
      events,
      nowMs: NOW_MS,
      revision: 1,
      chunkId: 1,
    });
    throw new Error('killed');
  });
  await expect(killed).rejects.toThrow('killed');
  await land(store, project, { events, nowMs: NOW_MS, revision: 2 });
  expectSame(await actual(store, view), naiveTiles(view, events, NOW_MS));
});
