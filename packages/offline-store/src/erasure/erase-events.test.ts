import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { FieldManifest } from '@larder/features';
import { expect } from 'vitest';
import type { ArrivedEvent } from '../events/event-table.ts';
import { joinInPostgresql, type OfflineStore, type PointInTimeJoin } from '../index.ts';
import { landEvents } from '../events/land-events.ts';
import { applyWindowed, land, sourceOf, windowedProject } from '../testing/windowed.ts';
import { test } from '../testing/store.ts';
import { beginErasure } from './begin-erasure.ts';
import { eraseEvents } from './erase-events.ts';

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');
const project = windowedProject('erased_events');
const ad = project.entities['ad'] as PointInTimeJoin['entity'];

function event(eventId: string, adId: string, bid: number): ArrivedEvent {
  return {
    eventId,
    eventTimestampMs: NOW_MS,
    createdTimestampMs: NOW_MS,
    isRetracted: false,
    values: { ad_id: adId, kind: 'click', bid, clicks: 1, user_id: adId },
  };
}

/** As it arrives: it names no key. */
function retraction(eventId: string): ArrivedEvent {
  const values = { ad_id: null, kind: null, bid: null, clicks: null, user_id: null };
  return { ...event(eventId, '', 0), isRetracted: true, values };
}

/** The sum of clicks of an hour, by ad. */
async function clicks(store: OfflineStore, ads: readonly string[]): Promise<number[]> {
  const view = project.feature_views['ad_stats@1'] as PointInTimeJoin['views'][number]['view'];
  const schema: FieldManifest[] = (view.windowed?.aggregates ?? []).flatMap(({ name }) =>
    ['2m', '1h', '1d'].map((window) => ({ name: `${name}_${window}`, type: 'float64' as const })),
  );
  const join: PointInTimeJoin = {
    project,
    entity: ad,
    views: [
      {
        view: { ...view, schema },
        features: schema.filter(({ name }) => name === 'clicks_1h'),
        ttlMs: 'forever',
      },
    ],
    cutOff: 'created',
    landedBefore: new Date(Date.now() + 60_000),
  };
  const spine = ads.map((id, row) => `${row},${NOW_MS + 60_000}000,${id}\n`);
  const csv = await text(joinInPostgresql(store, join, Readable.from(spine)));
  return csv
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.split(',')[5]));
}

test('the events of an erased key are gone; what they replaced does not count again, and what replaced them still does', async ({
  store,
}) => {
  const view = await applyWindowed(store, project);
  const landAll = (revision: number, events: readonly ArrivedEvent[]) =>
    land(store, project, { events, nowMs: NOW_MS, revision });
  await landAll(1, [
    event('own', 'gone', 1),
    event('to', 'kept', 2),
    event('from', 'gone', 3),
    event('other', 'kept', 4),
  ]);
  await landAll(2, [event('own', 'gone', 5), event('to', 'gone', 6), event('from', 'kept', 7)]);
  expect(await clicks(store, ['kept', 'gone'])).toEqual([2, 2]);

  const keys = { ad_id: 'gone' };
  const erasure = await beginErasure(store, {
    project: project.project,
    entity: ad,
    keys,
    slot: 0,
    actor: 'test',
    reason: null,
  });
  await eraseEvents(store, erasure);

  const table = 'erased_events_history.ad_events_events';
  const { rows } = await store.pool.query(`select event_id from ${table} t where t::text like '%gone%'`);
  expect(rows).toEqual([]);
  expect(await clicks(store, ['kept', 'gone'])).toEqual([2, 0]);
  const { rows: tiles } = await store.pool.query(
    `select from ${view.table.schema}.${view.table.name} where entity_key = 'gone'`,
  );
  expect(tiles).toEqual([]);

  // redelivered, they change nothing
  await landAll(3, [event('to', 'kept', 2), event('from', 'kept', 7)]);
  expect(await clicks(store, ['kept'])).toEqual([2]);
  const { rows: receipt } = await store.pool.query(
    'select removed from larder.erasures where receipt_id = $1',
    [erasure.receiptId],
  );
  expect(receipt).toMatchObject([{ removed: { [`history:${table}`]: 4 } }]);
});

test('an event that is retracted while its key is erased leaves no key', async ({ store }) => {
  const view = await applyWindowed(store, project);
  const landAll = (revision: number, events: readonly ArrivedEvent[]) =>
    land(store, project, { events, nowMs: NOW_MS, revision });
  const [own, moved] = [event('own-raced', 'raced', 1), event('moved-raced', 'kept-raced', 2)];
  await landAll(11, [own, moved]);
  await landAll(12, [{ ...moved, values: { ...moved.values, ad_id: 'raced' } }]);
  const erasure = await beginErasure(store, {
    project: project.project,
    entity: ad,
    keys: { ad_id: 'raced' },
    slot: 0,
    actor: 'test',
    reason: null,
  });
  const retracted = [retraction('own-raced'), retraction('moved-raced')];
  let erased: Promise<void> | undefined;
  await store.transaction(async (tx) => {
    await landEvents(tx, {
      project: project.project,
      source: sourceOf(project),
      events: retracted,
      nowMs: NOW_MS,
      revision: 13,
      chunkId: 13,
    });
    erased = eraseEvents(store, erasure);
    await Promise.race([erased, waitingForLock(store)]);
  });
  await erased;
  const { rows } = await store.pool.query(
    `select event_id from erased_events_history.ad_events_events t where t.ad_id = 'raced'
     union all select entity_key from ${view.table.schema}.${view.table.name} where entity_key = 'raced'`,
  );
  expect(rows).toEqual([]);
});

test('an event that is corrected to another key while its key is erased counts for the other one', async ({
  store,
}) => {
  await applyWindowed(store, project);
  await land(store, project, { events: [event('to-other', 'leaving', 1)], nowMs: NOW_MS, revision: 21 });
  const table = 'erased_events_history.ad_events_events';
  let landing: Promise<unknown> | undefined;
  // a step of the erasure, which the correction finds in the middle
  await store.transaction(async ({ client }) => {
    await client.query(`select from ${table} where ad_id = 'leaving' and edition = 0 for no key update`);
    const events = [event('to-other', 'other', 1)];
    landing = land(store, project, { events, nowMs: NOW_MS, revision: 22 });
    await Promise.race([landing, waitingForLock(store)]);
    await client.query(`delete from ${table} where ad_id = 'leaving'`);
  });
  expect(await landing).toMatchObject({ landed: [{ eventId: 'to-other' }] });
  expect(await clicks(store, ['other', 'leaving'])).toEqual([1, 0]);
});

/** Resolves once a statement waits for the transaction of another. */
async function waitingForLock(store: OfflineStore): Promise<void> {
  await expect
    .poll(async () => {
      const { rows } = await store.pool.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return rows.length;
    })
    .toBeGreaterThan(0);
}
