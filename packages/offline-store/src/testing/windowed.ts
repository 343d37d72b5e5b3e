import type {
  AggregateManifest,
  ConditionManifest,
  EventSourceManifest,
  FeatureViewManifest,
} from '@larder/features';
import { DistinctSketch } from '@larder/features';
import { sql } from 'kysely';
import type { ArrivedEvent, EventProject } from '../events/event-table.ts';
import { ensureEventsIn } from '../events/ensure-events.ts';
import { ensureTilesIn } from '../events/ensure-tiles.ts';
import { landEvents, type LandedEvents } from '../events/land-events.ts';
import { readTilesOf, type StoredTile } from '../events/tiles.ts';
import { windowedViewsOf, type WindowedView } from '../events/windowed-view.ts';
import type { OfflineStore } from '../offline-store.ts';
import { view as plainView } from './store.ts';

const MINUTE_MS = 60_000;
const isKind = (...values: string[]): ConditionManifest => ({ field: 'kind', operator: 'in', values });
const aggregate = (
  name: string,
  fn: AggregateManifest['function'],
  field: string | null,
  where: readonly ConditionManifest[] = [],
): AggregateManifest => ({ name, function: fn, field, where });

const AD_STATS: FeatureViewManifest = {
  ...plainView('ad_stats', []),
  source: {
    kind: 'events',
    event_source: 'ad_events',
    event_timestamp_column: 'event_timestamp',
    created_timestamp_column: null,
  },
  windowed: {
    event_source: 'ad_events',
    windows: [
      { name: '2m', window_ms: 2 * MINUTE_MS, hop_ms: 10_000 },
      { name: '1h', window_ms: 60 * MINUTE_MS, hop_ms: 20 * MINUTE_MS },
      { name: '1d', window_ms: 1_440 * MINUTE_MS, hop_ms: 120 * MINUTE_MS },
    ],
    aggregates: [
      aggregate('shown', 'count', null, [isKind('impression')]),
      aggregate('clicks', 'sum', 'clicks'),
      aggregate('bid', 'mean', 'bid', [{ field: 'bid', operator: 'gte', values: [0] }]),
      aggregate('low', 'min', 'bid'),
      aggregate('top', 'max', 'bid'),
      aggregate('last_bid', 'last', 'bid'),
      aggregate('users', 'approximate_distinct', 'user_id', [isKind('click', 'impression')]),
    ],
  },
};

/** A project with one event source and one windowed view of every aggregate. */
export function windowedProject(project: string): EventProject {
  return {
    project,
    entities: { ad: { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] } },
    event_sources: {
      ad_events: {
        name: 'ad_events',
        schema: [
          { name: 'ad_id', type: 'string' },
          { name: 'kind', type: 'string' },
          { name: 'bid', type: 'float64' },
          { name: 'clicks', type: 'int64', safe: true },
          { name: 'user_id', type: 'string' },
        ],
        retention_ms: 'forever',
        backfill: null,
        fingerprint: 'e'.repeat(64),
      },
    },
    feature_views: { 'ad_stats@1': AD_STATS },
  };
}

export function sourceOf({ event_sources }: EventProject): EventSourceManifest {
  const source = event_sources?.['ad_events'];
  if (source === undefined) throw new Error('The project has no event source.');
  return source;
}

export async function applyWindowed(store: OfflineStore, project: EventProject): Promise<WindowedView> {
  await store.transaction(async (tx) => {
    await ensureEventsIn(tx, project, sourceOf(project));
    for (const view of Object.values(project.feature_views)) await ensureTilesIn(tx, project, view);
  });
  const [view] = await windowedViewsOf(store, project.project, sourceOf(project));
  if (view === undefined) throw new Error('The view was not recorded.');
  return view;
}

/** A landing with a revision of its own, as a run has. */
export function land(
  store: OfflineStore,
  project: EventProject,
  { events, nowMs, revision }: { events: readonly ArrivedEvent[]; nowMs: number; revision: number },
): Promise<LandedEvents> {
  return store.transaction((tx) =>
    landEvents(tx, {
      project: project.project,
      source: sourceOf(project),
      events,
      nowMs,
      revision,
      chunkId: revision,
    }),
  );
}

/** Every tile of the view, as it is stored. */
export async function storedTiles(store: OfflineStore, view: WindowedView): Promise<StoredTile[]> {
  const { rows } = await sql<{ entity_key: string }>`
    select distinct entity_key from ${sql.table(`${view.table.schema}.${view.table.name}`)}`.execute(
    store.db,
  );
  return readTilesOf(
    store,
    view,
    rows.map((row) => row.entity_key),
  );
}

/** A tile as it is compared: numbers by aggregate, users as an estimate. */
export type PlainTile = readonly (number | null)[];

export function plainTile(tile: StoredTile): PlainTile {
  const sketch = new DistinctSketch();
  sketch.merge(tile.state.sketches[0] ?? new Uint8Array(0));
  return [...tile.state.numbers, sketch.estimate()];
}

/** What the tiles must be, by `key window tile`: every event with its last content. */
export function naiveTiles(
  { windowed }: WindowedView,
  arrivals: readonly ArrivedEvent[],
  nowMs: number,
): Map<string, PlainTile> {
  const known = new Map<string, ArrivedEvent[]>();
  for (const event of arrivals) {
    const id = `${event.eventId} ${event.eventTimestampMs}`;
    const editions = known.get(id) ?? [];
    known.set(id, editions);
    if (editions.at(-1)?.isRetracted === true) continue;
    const text = JSON.stringify(event.values);
    if (event.isRetracted || !editions.some(({ values }) => JSON.stringify(values) === text))
      editions.push(event);
  }
  const byTile = new Map<string, ArrivedEvent[]>();
  for (const editions of known.values()) {
    const event = editions.at(-1);
    if (event === undefined || event.isRetracted) continue;
    for (const [window, { window_ms: windowMs, hop_ms: hopMs }] of windowed.windows.entries()) {
      const tile = Math.floor(event.eventTimestampMs / hopMs);
      // no window reaches it any more
      if ((tile + 1) * hopMs <= nowMs - 10 * MINUTE_MS - windowMs) continue;
      const id = `${encodeURIComponent(event.values['ad_id'] as string)} ${window} ${tile}`;
      byTile.set(id, [...(byTile.get(id) ?? []), event]);
    }
  }
  return new Map([...byTile].map(([id, events]) => [id, naiveTile(events)]));
}

function naiveTile(events: readonly ArrivedEvent[]): PlainTile {
  const bids = (of: readonly ArrivedEvent[]) =>
    of.flatMap(({ values }) => (values['bid'] as number | null) ?? []);
  const sum = (of: readonly number[]) => of.reduce((total, value) => total + value, 0);
  const offered = bids(events).filter((bid) => bid >= 0);
  const newest = events
    .filter(({ values }) => values['bid'] !== null)
    .toSorted(
      (a, b) =>
        a.eventTimestampMs - b.eventTimestampMs ||
        a.createdTimestampMs - b.createdTimestampMs ||
        (a.eventId < b.eventId ? -1 : 1),
    );
  const sketch = new DistinctSketch();
  for (const { values } of events)
    if ((values['kind'] === 'click' || values['kind'] === 'impression') && values['user_id'] !== null)
      sketch.add(values['user_id'] as string);
  return [
    events.filter(({ values }) => values['kind'] === 'impression').length,
    sum(events.map(({ values }) => (values['clicks'] as number | null) ?? 0)),
    sum(offered),
    offered.length,
    bids(events).length === 0 ? null : Math.min(...bids(events)),
    bids(events).length === 0 ? null : Math.max(...bids(events)),
    (newest.at(-1)?.values['bid'] as number | undefined) ?? null,
    sketch.estimate(),
  ];
}
