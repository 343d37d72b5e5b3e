import type { EventSourceManifest, FeatureViewManifest, FieldManifest, Manifest } from '@larder/features';
import { expect } from 'vitest';
import { applyManifest } from '../index.ts';
import { adImage, hash, manifest, test } from '../testing/registry.ts';

const actor = { actor: 'ada' };
const HOUR_MS = 3_600_000;

const clicks: EventSourceManifest = {
  name: 'clicks',
  schema: [
    { name: 'ad_id', type: 'string' },
    { name: 'bid', type: 'float64' },
  ],
  retention_ms: 'forever',
  backfill: null,
  fingerprint: hash('clicks'),
};

type Windowed = NonNullable<FeatureViewManifest['windowed']>;

const counted: Windowed = {
  event_source: 'clicks',
  windows: [{ name: '1d', window_ms: 24 * HOUR_MS, hop_ms: 2 * HOUR_MS }],
  aggregates: [{ name: 'bid', function: 'sum', field: 'bid', where: [] }],
};

function config(
  project: string,
  source: Partial<EventSourceManifest> = {},
  windowed: Partial<Windowed> = {},
): Manifest {
  const changed = { ...counted, ...windowed };
  const view: FeatureViewManifest = {
    ...adImage,
    name: 'ad_stats',
    ttl_ms: 'forever',
    schedule: null,
    compute: null,
    source: {
      kind: 'events',
      event_source: 'clicks',
      event_timestamp_column: 'event_timestamp',
      created_timestamp_column: null,
    },
    schema: changed.aggregates.flatMap(({ name }) =>
      changed.windows.map((window): FieldManifest => ({ name: `${name}_${window.name}`, type: 'float64' })),
    ),
    windowed: changed,
    fingerprint: hash(JSON.stringify(changed)),
  };
  const base = manifest(project);
  return {
    ...base,
    event_sources: { clicks: { ...clicks, ...source, fingerprint: hash(JSON.stringify(source)) } },
    feature_views: { ...base.feature_views, 'ad_stats@1': view },
  };
}

const applied = (store: Parameters<typeof applyManifest>[0], next: Manifest) =>
  applyManifest(store, next, actor).then(({ changes }) => changes.map(({ text }) => text));

test('fields of events are added, and never change their type or go', async ({ store }) => {
  await applyManifest(store, config('events_1'), actor);
  const withFields = (schema: readonly FieldManifest[]) =>
    applyManifest(store, config('events_1', { schema }), actor);
  const narrower = withFields([clicks.schema[0] as FieldManifest, { name: 'bid', type: 'float32' }]);
  await expect(narrower).rejects.toMatchObject({
    code: 'EVENT_SOURCE_IMMUTABLE',
    message: expect.stringContaining('field bid became float32 (was float64)'),
  });
  await expect(withFields([clicks.schema[0] as FieldManifest])).rejects.toMatchObject({
    code: 'EVENT_SOURCE_IMMUTABLE',
    message: expect.stringContaining('field bid was removed'),
  });
  const columns = async () => {
    const { rows } = await store.pool.query<{ name: string }>(
      `select column_name as name from information_schema.columns
      where table_schema = 'events_1_history' and table_name = 'clicks_events' and column_name in ('bid', 'city')`,
    );
    return rows.map(({ name }) => name).toSorted();
  };
  expect(await columns()).toEqual(['bid']);
  const wider = { schema: [...clicks.schema, { name: 'city', type: 'string' } as const] };
  expect(await applied(store, config('events_1', wider))).toEqual([
    'add field city (string) to event source clicks',
  ]);
  expect(await columns()).toEqual(['bid', 'city']);
  expect(await applied(store, config('events_1', { ...wider, retention_ms: 48 * HOUR_MS }))).toEqual([
    'change retention of event source clicks: forever → 2d',
  ]);
});

test('windows and aggregates of a version stay as they are', async ({ store }) => {
  await applyManifest(store, config('events_2'), actor);
  const day = counted.windows[0] as Windowed['windows'][number];
  const sum = counted.aggregates[0] as Windowed['aggregates'][number];
  for (const [windowed, clause] of [
    [{ windows: [{ ...day, hop_ms: HOUR_MS }] }, 'the hop of window 1d changed'],
    [{ windows: [day, { ...day, name: '1h', window_ms: HOUR_MS }] }, 'feature bid_1h was added'],
    [{ aggregates: [{ ...sum, function: 'mean' }] }, 'aggregate bid changed'],
    [
      { aggregates: [{ ...sum, where: [{ field: 'bid', operator: 'gt', values: [0] }] }] },
      'aggregate bid changed',
    ],
  ] as const satisfies readonly (readonly [Partial<Windowed>, string])[])
    await expect(applyManifest(store, config('events_2', {}, windowed), actor)).rejects.toMatchObject({
      code: 'VIEW_VERSION_IMMUTABLE',
      message: expect.stringContaining(clause),
    });
  const { rows } = await store.pool.query(
    `select definition -> 'view' -> 'windowed' -> 'windows' as windows from larder.windowed_views where project = 'events_2'`,
  );
  expect(rows).toEqual([{ windows: counted.windows }]);
});
