import { DistinctSketch } from '@larder/features';
import type { Tile } from '../tiles/tile-codec.ts';
import type { WindowedSchema } from '../tiles/tile-layout.ts';

const HOUR_MS = 3_600_000;

const WINDOWS = [
  { name: '1h', window_ms: HOUR_MS, hop_ms: HOUR_MS / 12 },
  { name: '1d', window_ms: 24 * HOUR_MS, hop_ms: 2 * HOUR_MS },
  { name: '2m', window_ms: 120_000, hop_ms: 10_000 },
] as const;

const AGGREGATES = [
  { name: 'shown', function: 'count', field: null, where: [] },
  { name: 'users', function: 'approximate_distinct', field: 'user', where: [] },
  { name: 'bid_mean', function: 'mean', field: 'bid', where: [] },
  { name: 'bid_min', function: 'min', field: 'bid', where: [] },
  { name: 'bid_max', function: 'max', field: 'bid', where: [] },
  { name: 'pages', function: 'approximate_distinct', field: 'page', where: [] },
  { name: 'bid_sum', function: 'sum', field: 'bid', where: [] },
  { name: 'bid_last', function: 'last', field: 'bid', where: [] },
] as const;

/** Three windows of every aggregate, two of them sketches. */
export const statsView = {
  name: 'ad_stats',
  version: 1,
  entity: 'ad',
  ttl_ms: 'forever',
  schema: AGGREGATES.flatMap(({ name }) =>
    WINDOWS.map((window) => ({ name: `${name}_${window.name}`, type: 'float64' as const })),
  ),
  schema_fingerprint: 0x57a75001,
  windowed: { event_source: 'ad_events', windows: WINDOWS, aggregates: AGGREGATES },
} as const satisfies WindowedSchema & { readonly [key: string]: unknown };

/** One event of an ad: its time, and the fields that the view reads. */
export interface ShownEvent {
  readonly atMs: number;
  /** Null: the event has none. */
  readonly bid: number | null;
  readonly user: string;
  readonly page: string;
}

/** The tiles of these events, as landing makes them. */
export function tilesOf(events: readonly ShownEvent[], version = 1): Tile[] {
  return WINDOWS.flatMap(({ hop_ms: hopMs }, window) => {
    const byTile = Map.groupBy(events, ({ atMs }) => Math.floor(atMs / hopMs));
    return [...byTile].map(([index, own]) => ({ window, index, version, states: statesOf(own) }));
  });
}

/** The features of these events at a moment, by the definition of a window and nothing else. */
export function windowsAt(events: readonly ShownEvent[], nowMs: number): Record<string, number | null> {
  const features: Record<string, number | null> = {};
  for (const { name, window_ms: windowMs, hop_ms: hopMs } of WINDOWS) {
    const covered = events.filter(({ atMs }) => {
      const tile = Math.floor(atMs / hopMs);
      return tile >= Math.floor((nowMs - windowMs) / hopMs) && tile <= Math.floor(nowMs / hopMs);
    });
    const [shown, users, sum, bids, min, max, pages, total, last] = statesOf(covered);
    Object.assign(features, {
      [`shown_${name}`]: shown,
      [`users_${name}`]: estimateOf(users as Uint8Array),
      [`bid_mean_${name}`]: bids === 0 ? null : (sum as number) / (bids as number),
      [`bid_min_${name}`]: min,
      [`bid_max_${name}`]: max,
      [`pages_${name}`]: estimateOf(pages as Uint8Array),
      [`bid_sum_${name}`]: total,
      [`bid_last_${name}`]: last,
    });
  }
  return Object.fromEntries(statsView.schema.map(({ name }) => [name, features[name] ?? null]));
}

function statesOf(events: readonly ShownEvent[]): Tile['states'] {
  const ordered = events.toSorted((a, b) => a.atMs - b.atMs);
  const bids = ordered.flatMap(({ bid }) => (bid === null ? [] : [bid]));
  const sum = bids.reduce((all, bid) => all + bid, 0);
  return [
    events.length,
    sketchOf(events.map(({ user }) => user)),
    sum,
    bids.length,
    bids.length === 0 ? null : Math.min(...bids),
    bids.length === 0 ? null : Math.max(...bids),
    sketchOf(events.map(({ page }) => page)),
    sum,
    bids.at(-1) ?? null,
  ];
}

function sketchOf(texts: readonly string[]): Uint8Array {
  const sketch = new DistinctSketch();
  for (const text of texts) sketch.add(text);
  return Uint8Array.from(sketch.encode());
}

function estimateOf(encoded: Uint8Array): number {
  const sketch = new DistinctSketch();
  sketch.merge(encoded);
  return sketch.estimate();
}
