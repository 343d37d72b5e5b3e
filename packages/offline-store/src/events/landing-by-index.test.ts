import { newId } from '@larder/core';
import { expect } from 'vitest';
import { test } from '../testing/store.ts';
import { applyWindowed, sourceOf, windowedProject } from '../testing/windowed.ts';
import type { ArrivedEvent } from './event-table.ts';
import { landEvents } from './land-events.ts';
import { readTilesOf } from './tiles.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const TILES = 20_000;

function event(id: number, clicks: number): ArrivedEvent {
  return {
    eventId: `e${id}`,
    eventTimestampMs: NOW_MS,
    createdTimestampMs: NOW_MS,
    isRetracted: false,
    values: { ad_id: `ad-${id}`, kind: 'click', bid: 1, clicks, user_id: 'u' },
  };
}

test('new, redelivered and corrected events read only their own rows, however large the tables are', async ({
  store,
}) => {
  const project = windowedProject(`p${newId().replaceAll('-', '').slice(-12)}`);
  const view = await applyWindowed(store, project);
  const tables = `${project.project}_history`;
  await store.pool.query(`
    insert into ${tables}.ad_stats_v1_tiles
      select 'other-' || i, 0, 1, 1, 0, 0, 1, '{0,0,0,0,0,0,0,0}', '[null]', '{""}' from generate_series(1, ${TILES}) i;
    insert into ${tables}.ad_events_events (event_id, event_timestamp, edition, created_timestamp, revision, chunk_id, is_retracted, ad_id)
      select 'other-' || i, '2026-11-20T11:00Z', 0, now(), 1, 1, false, 'other-' || i from generate_series(1, ${TILES}) i;
    analyze ${tables}.ad_stats_v1_tiles, ${tables}.ad_events_events`);
  const changed = await store.transaction(async (tx) => {
    const land = (events: readonly ArrivedEvent[], revision: number) =>
      landEvents(tx, {
        project: project.project,
        source: sourceOf(project),
        events,
        nowMs: NOW_MS,
        revision,
        chunkId: revision,
      });
    const events = Array.from({ length: 500 }, (_, at) => event(at, 1));
    await land(events, 1);
    expect((await land(events, 2)).duplicates.size).toBe(500);
    const corrected = await land(
      events.map((_, at) => event(at, 2)),
      3,
    );
    await readTilesOf(
      tx,
      view,
      [...Array(500).keys()].map((at) => `ad-${at}`),
    );
    const { rows } = await tx.client.query<{ name: string; rows: number }>(
      `select relname as name, seq_tup_read::integer as rows from pg_stat_xact_user_tables
       where schemaname = $1 and seq_tup_read > 0`,
      [tables],
    );
    expect(rows).toEqual([]);
    return corrected.changed;
  });
  expect(changed[0]?.tiles).toHaveLength(1_500);
});
